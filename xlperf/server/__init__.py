"""The service: workbooks come in over HTTP, are recalculated, checked, scored, filled or read, and
go out unharmed.

The front (FastAPI on uvicorn) receives uploads and sends answers; it parses no workbook. Each job
is one library call in a worker process with limits of time and memory, so that a hostile workbook
costs one worker, not the service.

    settings    what the service is told when it starts
    run         listening, and ending without losing a job
    app         the addresses, their options and answers (schemas, openapi)
    uploads     files on their way in, under limits
    order       what the front and a worker say to each other
    pool        worker processes: one job each at a time, replaced when they die or overrun
    worker      what runs in such a process: it takes orders, under limits of its own
    jobs        the jobs, each one call of the library, and the files of their answers (shapes)
    problems    what is said when a request cannot be done
    metrics     what Prometheus reads
"""

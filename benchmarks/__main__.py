"""Every benchmark, one after the other: `python -m benchmarks`."""

import platform

from benchmarks import addin, check, fill, peers, recalc, server, startup

print(f"Python {platform.python_version()}, {platform.machine()}")
startup.main()
fill.main()
check.main()
recalc.main()
addin.main()
peers.main()
server.main()

"""xlperf inside Excel: the buttons of the ribbon, each a thin front of what the command line does.

    buttons     what VBA calls: one function a button, and no traceback ever leaves it
    commands    what a button does, as a pure function: Snapshot → Reply (a plan, a message)
    difference  a workbook before and after as a plan of actions
    actions     the actions, and plans that can be taken back
    host        Excel through xlwings: takes the snapshot, carries out a plan or takes all of it back
    session     what has to outlive a click: how to undo the last one

Only `host` and `buttons` know xlwings, and of it only the parts under the BSD licence.
"""

"""xlperf inside Excel: the buttons of the ribbon, each a thin front of what the command line does.

    buttons     what VBA calls: one function a button, and no traceback ever leaves it
    commands    what a button does, as a pure function: a snapshot in, a plan and a message out
    difference  a workbook before and after as a plan of actions
    marks       findings in the cells, on and off again
    actions     the actions, and plans that can be taken back
    snapshot    the open workbook at the moment of a click, as bytes
    host        Excel through xlwings: takes the snapshot, carries out a plan whole or not at all
    memory      what has to outlive a click: how to undo the last one
    udfs        the worksheet functions, as xlwings calls them
    build       the add-in file, made of the ribbon and the modules in macros/, and of `wrappers`
    install, doctor, bundle    its way to people's desktops

Only `host`, `buttons` and `udfs` know xlwings, and of it only the parts under the BSD licence.
"""

Attribute VB_Name = "XlperfRibbon"
Option Explicit

' The tab: a button runs the Python function that its tag names, and is grey where it does not apply.

Private tabs As Object
Private onForm As Boolean
Private changed As String
Private welcomed As Boolean

Public Sub XlperfLoad(ribbon As IRibbonUI)
    Set tabs = ribbon
    XlperfLook
End Sub

Public Sub XlperfClick(control As IRibbonControl)
    Dim book As String, why As String
    On Error GoTo failed
    book = ActiveName()
    RunPython "from xlperf.addin import buttons; buttons." & control.Tag & "()"
    Select Case control.Tag
        Case "check", "fix", "clear_marks", "score", "fill", "read", "summarise", "bind"
            If Not IsChanged(book) Then changed = changed & "|" & book & "|"
    End Select
    XlperfLook
    Exit Sub
failed:
    why = Err.Description
    MsgBox XlperfNoPython() & vbCrLf & vbCrLf & why, vbExclamation, "xlperf"
End Sub

Public Sub XlperfOnForm(control As IRibbonControl, ByRef returnedVal)
    returnedVal = onForm
End Sub

Public Sub XlperfOnBook(control As IRibbonControl, ByRef returnedVal)
    returnedVal = (ActiveName() <> "")
End Sub

Public Sub XlperfAfterChange(control As IRibbonControl, ByRef returnedVal)
    returnedVal = IsChanged(ActiveName())
End Sub

Public Sub XlperfLook()
    ' Once for all buttons, as a workbook may carry thousands of names. Writes no cell: that would
    ' empty Excel's own list of what can be undone whenever somebody changes to another workbook.
    On Error Resume Next ' what cannot be told leaves the buttons grey
    onForm = False
    If Not ActiveWorkbook Is Nothing Then onForm = IsForm(ActiveWorkbook)
    If Not tabs Is Nothing Then tabs.Invalidate
End Sub

Public Sub XlperfWelcome()
    ' Excel describes functions only while a workbook is open.
    If Not welcomed Then
        welcomed = True
        XlperfDescribeAll
        ThisWorkbook.Saved = True ' nobody is to be asked whether to keep the list on its sheet
    End If
    XlperfLook
End Sub

Public Function XlperfCaller() As Workbook
    ' The workbook that Python is told of: the one that is open, else the add-in.
    Set XlperfCaller = ActiveWorkbook
    If XlperfCaller Is Nothing Then Set XlperfCaller = ThisWorkbook
End Function

Private Function ActiveName() As String
    If Not ActiveWorkbook Is Nothing Then ActiveName = ActiveWorkbook.Name
End Function

Private Function IsChanged(ByVal book As String) As Boolean
    If book <> "" Then IsChanged = InStr(1, changed, "|" & book & "|") > 0
End Function

Private Function IsForm(ByVal book As Object) As Boolean
    Dim known As Object
    For Each known In book.Names
        If InStr(1, "!" & known.Name, "!xp.", vbTextCompare) > 0 Then
            IsForm = True
            Exit Function
        End If
    Next known
End Function

Public Sub XlperfTryRibbon()
    ' A self-check for support: whether the active workbook and the add-in itself count as forms.
    XlperfLook
    With ThisWorkbook.Worksheets(1)
        .Range("B2").Value = onForm
        .Range("C2").Value = IsForm(ThisWorkbook)
    End With
End Sub

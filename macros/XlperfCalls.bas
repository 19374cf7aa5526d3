Attribute VB_Name = "XlperfCalls"
Option Explicit
Option Private Module

' What the worksheet functions share: the call of Python, errors as cells show them, Chinese text.

Public Function XlperfCall(ByVal called As String, ByVal args As Variant) As Variant
    #If Mac Then
        XlperfCall = CVErr(2042)
    #Else
        On Error GoTo failed
        ' In brackets a variable is handed over by value: Python has nothing to give back in it.
        XlperfCall = XlperfShown(XLPy.CallUDF("xlperf.addin.udfs", (called), (args), ThisWorkbook, Application.Caller))
        Exit Function
failed:
        ' A text would be left out of a total in silence; an error is not.
        XlperfCall = CVErr(2015)
    #End If
End Function

Public Function XlperfShown(ByVal found As Variant) As Variant
    ' Python says an error as a text; here it becomes the error, in a cell, a row or a table.
    Dim i As Long, j As Long
    If Not IsArray(found) Then
        XlperfShown = ErrorOr(found)
        Exit Function
    End If
    If IsTable(found) Then
        For i = LBound(found, 1) To UBound(found, 1)
            For j = LBound(found, 2) To UBound(found, 2)
                found(i, j) = ErrorOr(found(i, j))
            Next j
        Next i
    Else
        For i = LBound(found) To UBound(found)
            found(i) = ErrorOr(found(i))
        Next i
    End If
    XlperfShown = found
End Function

Private Function IsTable(ByVal found As Variant) As Boolean
    On Error GoTo flat
    IsTable = UBound(found, 2) >= LBound(found, 2)
flat:
End Function

Private Function ErrorOr(ByVal value As Variant) As Variant
    ErrorOr = value
    If VarType(value) <> vbString Then Exit Function
    Select Case value
        Case "#NULL!": ErrorOr = CVErr(2000)
        Case "#DIV/0!": ErrorOr = CVErr(2007)
        Case "#VALUE!": ErrorOr = CVErr(2015)
        Case "#REF!": ErrorOr = CVErr(2023)
        Case "#NAME?": ErrorOr = CVErr(2029)
        Case "#NUM!": ErrorOr = CVErr(2036)
        Case "#N/A": ErrorOr = CVErr(2042)
    End Select
End Function

Public Function XlperfText(ByVal codes As String) As String
    ' The text whose characters are given by four hexadecimal digits each.
    Dim i As Long
    For i = 1 To Len(codes) Step 4
        XlperfText = XlperfText & ChrW(CLng("&H" & Mid$(codes, i, 4)))
    Next i
End Function

Public Sub XlperfDescribe(ByVal row As Long, ByVal called As String, ByVal help As String, ByVal inputs As String)
    ' The help of a function, for the wizard and on the sheet of the add-in.
    Dim codes As Variant, told() As Variant, i As Long, host As Object
    codes = Split(inputs, "|")
    ReDim told(0 To UBound(codes))
    With ThisWorkbook.Worksheets(1)
        .Cells(row, 1).Value = called
        .Cells(row, 2).Value = XlperfText(help)
        For i = 0 To UBound(codes)
            told(i) = XlperfText(codes(i))
            .Cells(row, 3 + i).Value = told(i)
        Next i
    End With
    On Error Resume Next ' an Excel that does not take the help calls the function all the same
    Set host = Application
    host.MacroOptions Macro:="'" & ThisWorkbook.Name & "'!" & called, Description:=XlperfText(help), _
        Category:="xlperf", ArgumentDescriptions:=told
End Sub

Public Sub XlperfTryErrors()
    ' A self-check for support: texts that mean errors become errors, all else stays.
    With ThisWorkbook.Worksheets(1)
        .Range("A3:D3").Value = XlperfShown(Array("#N/A", 1.5, "x", "#DIV/0!"))
        .Range("E3").Value = XlperfShown("#NUM!")
    End With
End Sub

; Windows installer of the driver. script/package gives VERSION, FILES and OUT.
Target amd64-unicode
Unicode true
!include MUI2.nsh

Name "USBKey 驱动"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\Hufu"
RequestExecutionLevel admin
SetCompressor /SOLID lzma
ManifestDPIAware true

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=2052 ProductName "USBKey 驱动"
VIAddVersionKey /LANG=2052 FileDescription "USBKey 驱动安装程序"
VIAddVersionKey /LANG=2052 FileVersion "${VERSION}"
VIAddVersionKey /LANG=2052 LegalCopyright "MulanPSL-2.0"

!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\hufu-skf"

; The agent's helper holds the library while the agent runs; the agent starts it again when it is needed.
!macro Release
  nsExec::Exec 'taskkill /F /IM hufu-agent-helper.exe'
  Pop $0
  Sleep 500
!macroend

Section
  SetRegView 64
  !insertmacro Release
  SetOutPath "$INSTDIR"
  File "${FILES}\hufu-skf.dll"
  File "${FILES}\hufu-key.exe"
  File "${FILES}\copyright-skf.txt"
  WriteUninstaller "$INSTDIR\uninstall-skf.exe"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "USBKey 驱动"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall-skf.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall-skf.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
SectionEnd

Section Uninstall
  SetRegView 64
  !insertmacro Release
  Delete "$INSTDIR\hufu-skf.dll"
  Delete "$INSTDIR\hufu-key.exe"
  Delete "$INSTDIR\copyright-skf.txt"
  Delete "$INSTDIR\uninstall-skf.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${UNINSTALL}"
SectionEnd

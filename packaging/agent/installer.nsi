; Windows installer of hufu-agent. script/package gives VERSION, FILES, MADE and OUT.
Target amd64-unicode
Unicode true
!include MUI2.nsh

Name "USBKey 控件"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\Hufu"
RequestExecutionLevel admin
SetCompressor /SOLID lzma
ManifestDPIAware true

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=2052 ProductName "USBKey 控件"
VIAddVersionKey /LANG=2052 FileDescription "USBKey 控件安装程序"
VIAddVersionKey /LANG=2052 FileVersion "${VERSION}"
VIAddVersionKey /LANG=2052 LegalCopyright "MulanPSL-2.0"

!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_FUNCTION StartAgent
!define MUI_FINISHPAGE_RUN_TEXT "现在启动 USBKey 控件"
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"

!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\hufu-agent"

; Chromium-based browsers let these pages reach the agent without asking the person.
!macro Policy NUMBER ORIGIN
  WriteRegStr HKLM "Software\Policies\Google\Chrome\LoopbackNetworkAllowedForUrls" "hufu${NUMBER}" "${ORIGIN}"
  WriteRegStr HKLM "Software\Policies\Google\Chrome\LocalNetworkAccessAllowedForUrls" "hufu${NUMBER}" "${ORIGIN}"
  WriteRegStr HKLM "Software\Policies\Microsoft\Edge\LoopbackNetworkAllowedForUrls" "hufu${NUMBER}" "${ORIGIN}"
  WriteRegStr HKLM "Software\Policies\Microsoft\Edge\LocalNetworkAccessAllowedForUrls" "hufu${NUMBER}" "${ORIGIN}"
!macroend
!macro NoPolicy NUMBER ORIGIN
  DeleteRegValue HKLM "Software\Policies\Google\Chrome\LoopbackNetworkAllowedForUrls" "hufu${NUMBER}"
  DeleteRegValue HKLM "Software\Policies\Google\Chrome\LocalNetworkAccessAllowedForUrls" "hufu${NUMBER}"
  DeleteRegValue HKLM "Software\Policies\Microsoft\Edge\LoopbackNetworkAllowedForUrls" "hufu${NUMBER}"
  DeleteRegValue HKLM "Software\Policies\Microsoft\Edge\LocalNetworkAccessAllowedForUrls" "hufu${NUMBER}"
!macroend

; The one that runs holds its own files; it starts again at the next login or from the menu.
!macro Stop
  nsExec::Exec 'taskkill /F /IM hufu-agent.exe'
  Pop $0
  Sleep 500
!macroend

; By way of the desktop: as the person, without the installer's rights.
Function StartAgent
  Exec '"$WINDIR\explorer.exe" "$SMPROGRAMS\USBKey 控件.lnk"'
FunctionEnd

Section
  SetRegView 64
  SetShellVarContext all
  !insertmacro Stop
  SetOutPath "$INSTDIR"
  File "${FILES}\hufu-agent.exe"
  File "${FILES}\hufu-agent-helper.exe"
  File "${FILES}\hufu-agent-window.exe"
  File "${FILES}\origins.list"
  File "${FILES}\copyright.txt"
  ; What an administrator has changed stays.
  IfFileExists "$INSTDIR\agent.conf" +2
  File "${FILES}\agent.conf"
  WriteUninstaller "$INSTDIR\uninstall-agent.exe"
  CreateShortcut "$SMPROGRAMS\USBKey 控件.lnk" "$INSTDIR\hufu-agent.exe" '--config "$INSTDIR\agent.conf"'
  WriteRegStr HKLM "${RUN}" "hufu-agent" '"$INSTDIR\hufu-agent.exe" --config "$INSTDIR\agent.conf"'
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "USBKey 控件"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall-agent.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall-agent.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
  !define Policy "!insertmacro Policy"
  !include "${MADE}/origins.nsh"
  !undef Policy
SectionEnd

Section Uninstall
  SetRegView 64
  SetShellVarContext all
  !insertmacro Stop
  Delete "$INSTDIR\hufu-agent.exe"
  Delete "$INSTDIR\hufu-agent-helper.exe"
  Delete "$INSTDIR\hufu-agent-window.exe"
  Delete "$INSTDIR\origins.list"
  Delete "$INSTDIR\copyright.txt"
  Delete "$INSTDIR\agent.conf"
  Delete "$INSTDIR\uninstall-agent.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\USBKey 控件.lnk"
  DeleteRegValue HKLM "${RUN}" "hufu-agent"
  DeleteRegKey HKLM "${UNINSTALL}"
  !define Policy "!insertmacro NoPolicy"
  !include "${MADE}/origins.nsh"
  !undef Policy
SectionEnd

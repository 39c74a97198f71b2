@echo off
rem The operator's commands on Windows: see `muster --help`. The first start makes the environment.
setlocal
set "home=%~dp0"
set "python=%home%.venv\Scripts\python.exe"
if exist "%home%.venv\.runs" goto run
echo Setting up %home%.venv, once ... 1>&2
py -3 -m venv "%home%.venv" || exit /b 1
"%python%" -m pip install --quiet --disable-pip-version-check --no-deps -r "%home%requirements-demo.txt" || exit /b 1
type nul > "%home%.venv\.runs"
:run
set "PYTHONPATH=%home%"
set PYTHONUTF8=1
"%python%" -P -m manage %*

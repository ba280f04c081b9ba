"""Why a step of a build failed: real last words of pip, apt, conda and others, and false ones."""

from __future__ import annotations

import pytest

from pxtui.step_failed import explain, sentence

# The first lines of long outputs are left out; hosts and paths are made up.
NEW_NO_VERSION = """\
ERROR: Could not find a version that satisfies the requirement tensorflow==1.4.1 (from versions: 2.12.0rc0, 2.12.0, 2.12.1, 2.18.0rc2, 2.18.1)
ERROR: No matching distribution found for tensorflow==1.4.1

[notice] A new release of pip is available: 23.0.1 -> 25.0
[notice] To update, run: pip install --upgrade pip
"""  # noqa: E501
OLD_NO_VERSION = """\
Collecting tensorflow==1.15.0 (from -r requirements.txt (line 4))
  Could not find a version that satisfies the requirement tensorflow==1.15.0 (from -r requirements.txt (line 4)) (from versions: 0.12.0rc0, 0.12.1, 1.13.2, 1.14.0, 2.0.0b1)
No matching distribution found for tensorflow==1.15.0 (from -r requirements.txt (line 4))
You are using pip version 8.1.1, however version 20.0.2 is available.
You should consider upgrading via the 'pip install --upgrade pip' command.
"""  # noqa: E501
NO_NAME = """\
ERROR: Could not find a version that satisfies the requirement numpi (from versions: none)
ERROR: No matching distribution found for numpi
"""
PIP_NO_DNS = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f7b3e0d5690>: Failed to establish a new connection: [Errno -2] Name or service not known')': /simple/six/
ERROR: Could not find a version that satisfies the requirement six (from versions: none)
ERROR: No matching distribution found for six
"""  # noqa: E501
OLD_PIP_NO_DNS = """\
Collecting six
  Retrying (Retry(total=0, connect=None, read=None, redirect=None)) after connection broken by 'NewConnectionError('<pip._vendor.requests.packages.urllib3.connection.VerifiedHTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution',)': /simple/six/
  Could not find a version that satisfies the requirement six (from versions: )
No matching distribution found for six
"""  # noqa: E501
PIP_NO_PROXY = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'ProxyError('Cannot connect to proxy.', NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f72cb7d4b90>: Failed to establish a new connection: [Errno 111] Connection refused'))': /simple/six/
ERROR: Could not find a version that satisfies the requirement six (from versions: none)
ERROR: No matching distribution found for six
"""  # noqa: E501
PIP_NO_CA = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed certificate in certificate chain (_ssl.c:1129)'))': /simple/six/
Could not fetch URL https://mirror.example/simple/six/: There was a problem confirming the ssl certificate: HTTPSConnectionPool(host='mirror.example', port=443): Max retries exceeded with url: /simple/six/ - skipping
ERROR: Could not find a version that satisfies the requirement six (from versions: none)
ERROR: No matching distribution found for six
"""  # noqa: E501
NEW_NO_BUILD = """\
  Building wheel for bad (setup.py): finished with status 'error'
  error: subprocess-exited-with-error
  
  × python setup.py bdist_wheel did not run successfully.
  │ exit code: 1
  ╰─> [14 lines of output]
      running build_ext
      building 'bad' extension
      bad.c:1:10: fatal error: nothere.h: No such file or directory
          1 | #include <nothere.h>
            |          ^~~~~~~~~~~
      compilation terminated.
      error: command '/usr/bin/gcc' failed with exit code 1
      [end of output]
  
  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for bad
  Running setup.py clean for bad
Failed to build bad
ERROR: Failed to build installable wheels for some pyproject.toml based projects (bad)
"""  # noqa: W293
NO_COMPILER = """\
Collecting psutil==5.4.0
      building 'psutil._psutil_linux' extension
      unable to execute 'gcc': No such file or directory
      error: command 'gcc' failed: No such file or directory
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for psutil
Failed to build psutil
ERROR: Could not build wheels for psutil, which is required to install pyproject.toml-based projects
"""
METADATA = """\
Collecting pandas
  Preparing metadata (setup.py): finished with status 'error'
  error: subprocess-exited-with-error
  
  × python setup.py egg_info did not run successfully.
  │ exit code: 1
  ╰─> [6 lines of output]
      Traceback (most recent call last):
        File "<string>", line 2, in <module>
        File "/tmp/pandas/setup.py", line 1, in <module>
          raise RuntimeError("Python version >= 3.7 required.")
      RuntimeError: Python version >= 3.7 required.
      [end of output]
  
  note: This error originates from a subprocess, and is likely not a problem with pip.
error: metadata-generation-failed

× Encountered error while generating package metadata.
╰─> See above for output.

note: This is an issue with the package mentioned above, not pip.
hint: See above for details.
"""  # noqa: W293
OLD_METADATA = """\
Collecting markdown>=2.6.8 (from tensorflow-tensorboard<0.2.0,>=0.1.0->tensorflow==1.3.0->-r requirements.txt (line 10))
  Downloading https://mirror.example/packages/Markdown-3.3.3.tar.gz (319kB)
    Complete output from command python setup.py egg_info:
    Traceback (most recent call last):
      File "<string>", line 1, in <module>
      File "/tmp/pip-build-0sLo_B/markdown/setup.py", line 39, in <module>
        __version__, __version_info__ = get_version()
      File "/tmp/pip-build-0sLo_B/markdown/setup.py", line 32, in get_version
        import importlib.util
    ImportError: No module named util
    
    ----------------------------------------
Command "python setup.py egg_info" failed with error code 1 in /tmp/pip-build-0sLo_B/markdown/
You are using pip version 8.1.1, however version 20.2.4 is available.
You should consider upgrading via the 'pip install --upgrade pip' command.
"""  # noqa: E501, W293
MIDDLE_METADATA = """\
Collecting old
    ERROR: Command errored out with exit status 1:
     command: /usr/bin/python -c 'import sys, setuptools, tokenize' egg_info
         cwd: /tmp/pip-install-iqpnhqcz/old/
    Complete output (5 lines):
    Traceback (most recent call last):
      File "/tmp/pip-install-iqpnhqcz/old/setup.py", line 1, in <module>
        raise RuntimeError("Python version >= 3.7 required.")
    RuntimeError: Python version >= 3.7 required.
    ----------------------------------------
ERROR: Command errored out with exit status 1: python setup.py egg_info Check the logs for full command output.
WARNING: You are using pip version 20.0.2; however, version 25.0 is available.
"""  # noqa: E501
COMPILER_KILLED = """\
Collecting dlib
      [ 60%] Building CXX object dlib_build/CMakeFiles/dlib.dir/cuda.cpp.o
      c++: fatal error: Killed signal terminated program cc1plus
      compilation terminated.
      make[2]: *** [dlib_build/CMakeFiles/dlib.dir/build.make:132: cuda.cpp.o] Error 1
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for dlib
Failed to build dlib
ERROR: Could not build wheels for dlib, which is required to install pyproject.toml-based projects
"""
IMPOSSIBLE = """\
ERROR: Cannot install -r requirements.txt (line 1) and numpy==1.26.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested numpy==1.26.0
    tensorflow 2.12.0 depends on numpy<1.24 and >=1.22

To fix this you could try to:
1. loosen the range of package versions you've specified
2. remove package versions to allow pip attempt to solve the dependency conflict

ERROR: ResolutionImpossible: for help visit https://mirror.example/topics/dependency-resolution/
"""  # noqa: E501
APT_NO_DNS = """\
Err:1 http://deb.example/debian bookworm InRelease
  Temporary failure resolving 'deb.example'
Reading package lists...
W: Failed to fetch http://deb.example/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.example'
W: Some index files failed to download. They have been ignored, or old ones used instead.
Reading package lists...
Building dependency tree...
Reading state information...
E: Unable to locate package git
"""  # noqa: E501
APT_FETCH_NO_DNS = """\
E: Failed to fetch http://deb.example/debian/pool/main/g/git/git_2.39.5_amd64.deb  Temporary failure resolving 'deb.example'
E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?
"""  # noqa: E501
APT_NO_PACKAGE = """\
Reading package lists...
Building dependency tree...
Reading state information...
E: Unable to locate package nosuchpackage
"""
APT_404 = """\
E: Failed to fetch http://archive.example/ubuntu/pool/main/libx/libxml2_2.9.3_amd64.deb  404  Not Found [IP: 192.0.2.1 80]
E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?
"""  # noqa: E501
APT_KEY = """\
W: GPG error: https://gpu.example/cuda/repos/ubuntu1804/x86_64  InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY A4B469963BF863CC
E: The repository 'https://gpu.example/cuda/repos/ubuntu1804/x86_64  InRelease' is no longer signed.
"""  # noqa: E501
APT_OLD = """\
Err:4 http://deb.example/debian stretch Release
  404  Not Found [IP: 192.0.2.1 80]
Reading package lists...
E: The repository 'http://deb.example/debian stretch Release' does not have a Release file.
"""
APT_DENIED = """\
E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)
E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?
"""
DPKG_FULL = """\
Unpacking libcudnn8 (8.6.0.163-1+cuda11.8) ...
dpkg: error processing archive /var/cache/apt/archives/libcudnn8_8.6.0.deb (--unpack):
 cannot copy extracted data for './usr/lib/libcudnn.so.8' to '/usr/lib/libcudnn.so.8.dpkg-new': failed to write (No space left on device)
dpkg-deb: error: paste subprocess was killed by signal (Broken pipe)
Errors were encountered while processing:
 /var/cache/apt/archives/libcudnn8_8.6.0.deb
E: Sub-process /usr/bin/dpkg returned an error code (1)
"""  # noqa: E501
CONDA_MISSING = """\
Collecting package metadata: ...working... done
Solving environment: ...working... failed

PackagesNotFoundError: The following packages are not available from current channels:

  - conda-build=3.18.3

Current channels:

  - https://conda.example/conda-forge/linux-64
  - https://conda.example/conda-forge/noarch

To search for alternate channels that may provide the conda package you're
looking for, navigate to

    https://conda.example

and use the search bar at the top of the page.

"""
CONDA_RESOLVE = """\
Solving environment: ...working... failed

ResolvePackageNotFound: 
  - cudatoolkit==9.0
  - tensorflow==1.4.1

"""  # noqa: W291
CONDA_NO_DNS = """\
CondaHTTPError: HTTP 000 CONNECTION FAILED for url <https://conda.example/pkgs/free/noarch/repodata.json.bz2>
Elapsed: -

An HTTP error occurred when trying to retrieve this URL.
HTTP errors are often intermittent, and a simple retry will get you on your way.
ConnectionError(MaxRetryError("HTTPSConnectionPool(host='conda.example', port=443): Max retries exceeded with url: /pkgs/free/noarch/repodata.json.bz2 (Caused by NewConnectionError('<urllib3.connection.VerifiedHTTPSConnection object at 0x7f4e77c5da20>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution',))",),)

"""  # noqa: E501
CONDA_OFFLINE = """\
CondaHTTPError: HTTP 000 CONNECTION FAILED for url <https://conda.example/conda-forge/osx-64/current_repodata.json>
Elapsed: -

An HTTP error occurred when trying to retrieve this URL.
HTTP errors are often intermittent, and a simple retry will get you on your way.
'https://conda.example/conda-forge/osx-64'
"""
DD_FULL = """\
dd: error writing '/big': No space left on device
880+0 records in
879+0 records out
921698304 bytes (922 MB, 879 MiB) copied, 1.2 s, 766 MB/s
"""
PIP_FULL = """\
Installing collected packages: torch
\x1b[91mERROR: Could not install packages due to an OSError: [Errno 28] No space left on device
\x1b[0m
"""
PIP_DENIED = """\
ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/usr/local/lib/python3.8/site-packages/six.py'
Consider using the `--user` option or check the permissions.

"""  # noqa: E501
GIT_NO_DNS = """\
Cloning into 'x'...
ssh: Could not resolve hostname git.example: Name or service not known
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
"""
GIT_NO_KEY = """\
Cloning into 'x'...
git@git.example: Permission denied (publickey).
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
"""
EXEC_FORMAT_PYTHON = """\
Traceback (most recent call last):
  File "/code/fetch.py", line 1, in <module>
    subprocess.run(["./arm"])
  File "/usr/lib/python3.11/subprocess.py", line 1950, in _execute_child
    raise child_exception_type(errno_num, err_msg, err_filename)
OSError: [Errno 8] Exec format error: './arm'
"""
MANAGED = """\
error: externally-managed-environment

× This environment is externally managed
╰─> To install Python packages system-wide, try apt install
    python3-xyz, where xyz is the package you are trying to
    install.

note: If you believe this is a mistake, please contact your Python installation or OS distribution provider.
hint: See PEP 668 for the detailed specification.
"""  # noqa: E501

NO_DISK = "the engine's disk is full (`docker system df` shows"
OTHER_CPU = "for another processor"


@pytest.mark.parametrize(
    ("tail", "code", "wanted"),
    [
        (NEW_NO_VERSION, 1, "pip has no tensorflow==1.4.1 for the image's Python, only 2.12.0 to 2.18.1: "),  # noqa: E501
        (OLD_NO_VERSION, 1, "pip has no tensorflow==1.15.0 for the image's Python, only 0.12.1 to 1.14.0: "),  # noqa: E501
        (NO_NAME, 1, "pip finds no numpi for the image's Python: look at its name"),
        (PIP_NO_DNS, 1, "an address was not found: no network or DNS in the build"),
        (OLD_PIP_NO_DNS, 1, "an address was not found: no network or DNS in the build"),
        (PIP_NO_PROXY, 1, "the proxy does not let it through: look at HTTP_PROXY"),
        (PIP_NO_CA, 1, "a server's certificate is not trusted in the image"),
        (NEW_NO_BUILD, 1, "pip could not build bad (fatal error: nothere.h: No such file or dire"),
        (NO_COMPILER, 1, "pip has no wheel of psutil for the image's Python and no gcc to build"),
        (METADATA, 1, "pip could not build pandas (RuntimeError: Python version >= 3.7 required.)"),
        (OLD_METADATA, 1, "pip could not build markdown (ImportError: No module named util)"),
        (MIDDLE_METADATA, 1, "pip could not build old (RuntimeError: Python version >= 3.7 requ"),
        (COMPILER_KILLED, 1, "out of memory: give the engine more memory"),
        (IMPOSSIBLE, 1, "no versions fit together: -r requirements.txt (line 1) and numpy==1.26"),
        (MANAGED, 1, "the image's Python takes no packages of pip: "),
        ("ERROR: nope-1-cp27-cp27m-win32.whl is not a supported wheel on this platform.\n", 1,
         "nope-1-cp27-cp27m-win32.whl is for another Python, system or processor"),
        ("pandas requires Python '>=3.7.1' but the running Python is 3.5.2\n", 1,
         "pandas wants Python >=3.7.1, the image has 3.5.2: choose an older version"),
        ("ERROR: Package 'tqdm' requires a different Python: 3.5.2 not in '>=3.7'\n", 1,
         "'tqdm' wants Python >=3.7, the image has 3.5.2"),
        (APT_NO_DNS, 100, "the address of deb.example was not found: no network or DNS"),
        (APT_FETCH_NO_DNS, 100, "the address of deb.example was not found: no network or DNS"),
        (APT_NO_PACKAGE, 100, "apt knows no package nosuchpackage: `apt-get update` in the same"),
        ("E: Version '99' for 'bash' was not found\n", 100, "apt knows no package bash: "),
        ("E: Package 'python' has no installation candidate\n", 100, "apt knows no package python"),
        (APT_404, 100, "apt's lists are older than the server's: `apt-get update` in the same"),
        (APT_KEY, 100, "apt does not trust a repository"),
        (APT_OLD, 100, "the system of the image is too old, its packages are no longer served"),
        (APT_DENIED, 100, "the image's user may not use /var/lib/dpkg/lock-frontend"),
        (DPKG_FULL, 100, NO_DISK),
        ("E: You don't have enough free space in /var/cache/apt/archives/.\n", 100, NO_DISK),
        (CONDA_MISSING, 1, "conda has no conda-build=3.18.3 for the image's Python and channels"),
        (CONDA_RESOLVE, 1, "conda has no cudatoolkit==9.0, tensorflow==1.4.1 for the image's"),
        (CONDA_NO_DNS, 1, "an address was not found: no network or DNS in the build"),
        (CONDA_OFFLINE, 1, "a server could not be reached: no network, a firewall, or a proxy"),
        ("NoSpaceLeftError: No space left on devices.\n\n", 1, NO_DISK),
        (DD_FULL, 1, NO_DISK),
        (PIP_FULL, 1, NO_DISK),
        ("sh: write error: No space left on device\n", 1, NO_DISK),
        ("tar: /x: Cannot write: No space left on device\n"
         "tar: Error is not recoverable: exiting now\n", 2, NO_DISK),
        (PIP_DENIED, 1, "the image's user may not use /usr/local/lib/python3.8/site-packages/six"),
        ("mkdir: cannot create directory ‘/x’: Permission denied\n", 1,
         "the image's user may not use /x: choose an image whose user is root"),
        ("/bin/sh: 1: ./setup.sh: Permission denied\n", 126,
         "./setup.sh may not be executed: `chmod +x` it, or name its program (`sh ./setup.sh`)"),
        ("curl: (6) Could not resolve host: data.example\n", 6,
         "the address of data.example was not found"),
        ("curl: (5) Could not resolve proxy: proxy.example\n", 5, "the proxy does not let it thr"),
        ("curl: (7) Failed to connect to 192.0.2.1 port 9 after 0 ms: Couldn't connect to server\n",
         7, "a server could not be reached"),
        ("curl: (22) The requested URL returned error: 404\n", 22,
         "a download failed with HTTP 404: there is nothing at this address"),
        ("2026-01-01 10:00:00 ERROR 403: Forbidden.\n", 8, "a download failed with HTTP 403"),
        ("Resolving data.example (data.example)... failed: Name or service not known.\n"
         "wget: unable to resolve host address ‘data.example’\n", 4,
         "the address of data.example was not found"),
        ("wget: bad address 'data.example'\n", 1, "the address of data.example was not found"),
        ("Cloning into 'x'...\nfatal: unable to access 'https://git.example/x.git/': "
         "Could not resolve host: git.example\n", 128, "the address of git.example was not found"),
        (GIT_NO_DNS, 128, "the address of git.example was not found"),
        (GIT_NO_KEY, 128, "the repository is not there or needs a login"),
        ("fatal: could not read Username for 'https://git.example': No such device or address\n",
         128, "the repository is not there or needs a login"),
        ("exec /bin/sh: exec format error\n", 1, OTHER_CPU),
        ("standard_init_linux.go:228: exec user process caused: exec format error\n", 1, OTHER_CPU),
        ("sh: 1: ./arm: Exec format error\n", 126, OTHER_CPU),
        ("bash: line 1: ./arm: cannot execute binary file: Exec format error\n", 126, OTHER_CPU),
        ("./arm: line 1: \x7fELF\x02\x01: not found\n", 127, OTHER_CPU),
        (EXEC_FORMAT_PYTHON, 1, OTHER_CPU),
        ("Collecting torch\nKilled\n", 137, "killed (137), most likely out of memory: give the"),
        ("", 137, "killed (137), most likely out of memory: give the engine more memory"),
        ("MemoryError\n", 2, "out of memory: give the engine more memory"),
        ("sh: 1: nosuchcmd: not found\n", 127, "nosuchcmd was not found (127): install it in a"),
        ("/bin/sh: nosuchcmd: not found\n", 127, "nosuchcmd was not found (127)"),
        ("bash: line 1: git: command not found\n", 127, "git was not found (127)"),
    ],
)  # fmt: skip
def test_the_likely_cause_and_what_to_do(tail: str, code: int, wanted: str) -> None:
    told = explain(step="some step", exit_code=code, tail=tail)
    assert wanted in told
    assert "\n" not in told


@pytest.mark.parametrize("code", [1, 2])
@pytest.mark.parametrize(
    "error",
    [NEW_NO_VERSION, PIP_NO_DNS, APT_NO_PACKAGE, APT_404, DD_FULL, GIT_NO_DNS, CONDA_MISSING,
     PIP_DENIED, COMPILER_KILLED, "./x: Permission denied\n", "sh: 1: x: not found\n",
     "exec /bin/x: exec format error\n"],
)  # fmt: skip
@pytest.mark.parametrize(
    "after",
    ["no matter, going on\ntests failed: 3 of 7\n",
     "Successfully installed six-1.17.0\nthe model is not good enough\n",
     "Traceback (most recent call last):\n  File \"x.py\", line 1\nValueError: shape (3, 4)\n",
     "E: Sub-process something else\n+ python check.py\nAssertionError\n"],
)  # fmt: skip
def test_an_error_that_the_step_lived_through_is_not_taken(
    error: str, after: str, code: int
) -> None:
    last = after.strip().splitlines()[-1]
    assert explain(step="x", exit_code=code, tail=error + after) == f"exit code {code}: {last}"


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        # what the step would print must not be taken for what it printed
        ("The command '/bin/sh -c echo no space left on device; exit 3' returned a non-zero code: 3",  # noqa: E501
         "exit code 3: within"),
        ('process "/bin/sh -c echo no space left on device; exit 3" did not complete '
         "successfully: exit code: 3", "exit code 3: within"),
        ("executor failed running [/bin/sh -c echo no space left on device\nexit 3]: exit code: 3",
         "exit code 3: within"),
        ('error building at STEP "RUN echo no space left on device; exit 3": error while running '
         "runtime: exit status 3", "exit code 3: within"),
        ('process "/bin/sh -c make" did not complete successfully: cannot allocate memory',
         "out of memory: give the engine more memory"),
        ("write /var/lib/docker/x/layer.tar: no space left on device", NO_DISK),
    ],
)  # fmt: skip
def test_the_builder_is_heard_but_not_its_quotation(message: str, wanted: str) -> None:
    told = explain(step="x", exit_code=3, tail="within\n", message=message)
    assert told.startswith(wanted)


def test_where_the_builder_itself_failed_only_it_is_heard() -> None:
    told = explain(
        step="COPY code /code/",
        exit_code=None,
        tail="sh: 1: x: Permission denied\n",
        message='failed to compute cache key: "/code" not found: not found',
    )
    assert told == 'failed to compute cache key: "/code" not found: not found'


def test_apt_is_not_told_to_do_what_it_did() -> None:
    step = "apt-get update && apt-get install -y nosuchpackage"
    told = explain(step=step, exit_code=100, tail=APT_NO_PACKAGE)
    assert told == "apt knows no package nosuchpackage: look at its name"


def test_where_nothing_is_known_the_last_words_are_told() -> None:
    progress = "  10%\r  50%\r 100%\nline two of it\nmake: *** [all] Error 2\n"
    assert explain(step="make", exit_code=2, tail=progress) == "exit code 2: line two of it"
    assert explain(step="x", exit_code=2, tail="a\x1b[31mb\x1b[0m\n\n") == "exit code 2: ab"
    assert explain(step="x", exit_code=2, tail=" 1%\r 9%\r\n") == "exit code 2: 9%"
    assert explain(step="false", exit_code=1, tail="") == "exit code 1"
    assert explain(step="x", exit_code=None, tail="") == "it failed without a word"
    assert len(explain(step="x", exit_code=1, tail="y" * 9000)) < 300


def test_the_whole_sentence() -> None:
    told = sentence(3, 5, step="set -e\npip install numpi\n", exit_code=1, tail=NO_NAME)
    assert told.startswith("step 3 of 5 failed, exit code 1: set -e␤pip install numpi → pip fin")
    told = sentence(4, 6, step="echo within; exit 3", exit_code=3, tail="within\n")
    assert told == "step 4 of 6 failed, exit code 3: echo within; exit 3 → within"
    told = sentence(4, 6, step="exit 3", exit_code=3, tail="")
    assert told == "step 4 of 6 failed, exit code 3: exit 3"
    told = sentence(6, 6, step="COPY code /code/", exit_code=None, tail="", message="is not there")
    assert told == "step 6 of 6 failed: COPY code /code/ → is not there"

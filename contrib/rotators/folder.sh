#!/bin/sh
# A rotator of kind `exec` to begin from: it keeps its credentials in a folder, one folder for each. What is between the
# lines of `case` is to be replaced by calls of your provider; the rest can stay. Needs jq.
#
#   secrets rotator set NAME exec command='["contrib/rotators/folder.sh", "/var/lib/credentials"]'
#
# One request is read from standard input, one answer is printed (`secrets schema rotator-request`, `rotator-answer`). What
# went wrong is said in a line on standard error, and ends it with another exit code than 0.
#
# A value is never the argument of a program, where everybody on the machine could read it: it goes through pipes and
# files. `printf` is the shell's own.
set -eu
umask 077

folder=${1:?"the folder of the credentials is missing"}
mkdir -p "$folder"
request=$(cat)

# of_request FILTER: a text of the request.
of_request() {
  printf '%s' "$request" | jq -er "$1"
}

# random BYTES: so many, in hex.
random() {
  od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

# is_of_request CREDENTIAL: whether its value is the one of the request.
is_of_request() {
  printf '%s' "$request" | jq -e --rawfile kept "$1/value" '.value == $kept' >/dev/null
}

# found: the folder of the credential that the value of the request belongs to, if there is one.
found() {
  for credential in "$folder"/*/; do
    if [ -e "$credential" ] && is_of_request "$credential"; then
      printf '%s' "${credential%/}"
      return
    fi
  done
}

case $(of_request .action) in
  list)
    for credential in "$folder"/*/; do
      [ -e "$credential" ] || continue
      credential=${credential%/}
      used=false
      [ ! -e "$credential/used" ] || used=true
      # What was put there by hand carries no marker.
      marker=/dev/null
      [ ! -e "$credential/marker" ] || marker=$credential/marker
      made=/dev/null
      [ ! -e "$credential/made" ] || made=$credential/made
      jq -n --arg handle "${credential##*/}" --rawfile marker "$marker" --rawfile made "$made" --argjson used "$used" \
        'def known: if . == "" then null else . end;
         {handle: $handle, marker: ($marker | known), made_at: ($made | known), was_used: $used}'
    done | jq -s '{schema_version: 1, credentials: .}'
    ;;

  mint)
    # All of it is written before it is there at all, so that a run that dies leaves none that could not be found again.
    marker=$(of_request .marker)
    handle=$(random 8)
    new=$(mktemp -d "$folder/.new.XXXXXX")
    random 24 >"$new/value"
    printf '%s' "$marker" >"$new/marker"
    date -u +%Y-%m-%dT%H:%M:%SZ | tr -d '\n' >"$new/made"
    mv "$new" "$folder/$handle"
    jq -n --arg handle "$handle" --rawfile value "$folder/$handle/value" \
      '{schema_version: 1, handle: $handle, value: $value}'
    ;;

  identify)
    credential=$(found)
    jq -n --arg handle "${credential##*/}" \
      '{schema_version: 1, handle: (if $handle == "" then null else $handle end)}'
    ;;

  verify)
    credential=$(found)
    if [ -n "$credential" ]; then
      : >"$credential/used"
      jq -n '{schema_version: 1, works: true}'
    else
      jq -n '{schema_version: 1, works: false, why: "no credential has this value"}'
    fi
    ;;

  revoke)
    # Well where it is gone already: whoever asks may have died before they heard the answer.
    handle=$(of_request .handle)
    case $handle in
      '' | *[!0-9a-f]*) echo "$handle is no handle" >&2 && exit 1 ;;
    esac
    if [ -e "$folder/$handle" ]; then
      gone=$(mktemp -d "$folder/.gone.XXXXXX")
      mv "$folder/$handle" "$gone"
      rm -r "$gone"
    fi
    jq -n '{schema_version: 1, revoked: true}'
    ;;

  *)
    echo 'this action is not known' >&2
    exit 1
    ;;
esac

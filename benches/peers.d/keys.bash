# Alice and bob, who read, and carol and dave, who shall: each with a key of age and one of GnuPG, which has no
# passphrase. Everybody's folder of GnuPG has all public keys, and one private key.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

for person in alice bob carol dave; do
  age-keygen -o "$work/$person.txt" 2>/dev/null
  declare "$person=$(age-keygen -y "$work/$person.txt")"
done

make_gnupg() {
  local person other
  mkdir "$work/gnupg"
  for person in alice bob carol dave; do
    mkdir -m 700 "$work/gnupg/$person"
    # Nobody is asked whether a key belongs to whom it says.
    printf '%s\n' 'trust-model always' no-greeting quiet >"$work/gnupg/$person/gpg.conf"
    gnupg_of "$person" gpg --batch --passphrase '' --quick-generate-key "$person <$person@example.org>" \
      future-default default never
    gnupg_of "$person" gpg --export "$person@example.org" >"$work/$person.pgp"
  done
  for person in alice bob carol dave; do
    for other in alice bob carol dave; do
      gnupg_of "$person" gpg --batch --import "$work/$other.pgp"
    done
  done
}

# gnupg_of PERSON COMMAND…
gnupg_of() { GNUPGHOME=$work/gnupg/$1 "${@:2}"; }

# fingerprint PERSON
fingerprint() { gpg --list-keys --with-colons "$1@example.org" | awk -F: '$1 == "fpr" { print $10; exit }'; }

# The work is done by alice.
export SECRETS_IDENTITY_FILE=$work/alice.txt GNUPGHOME=$work/gnupg/alice
if command -v gpg >/dev/null; then
  make_gnupg >"$work/said" 2>&1 || die "GnuPG makes no keys: $(tail -n 5 "$work/said")"
  versions+=("$(gpg --version | sed -n '1s/^gpg (GnuPG)/GnuPG/p')")
fi

#compdef secrets
# Completions of `secrets` for zsh. Names come from the store, at the moment when they are asked for.
_secrets() {
    local line value text
    local -a before whole whole_texts begun begun_texts
    before=("${(@Q)words[1,CURRENT-1]}")
    for line in "${(@f)$(command secrets completions zsh --at-word $((CURRENT - 1)) -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)}"; do
        [[ -n $line ]] || continue
        value=${line%%$'\t'*}
        text=$value
        [[ $line != *$'\t'* ]] || text="$value  -- ${line#*$'\t'}"
        case $value in
            */ | *= | *'#') begun+=("$value") begun_texts+=("$text") ;;
            *) whole+=("$value") whole_texts+=("$text") ;;
        esac
    done
    if ((${#whole} + ${#begun} == 0)); then
        [[ $PREFIX == '~'* ]] && _files
        return
    fi
    ((${#whole} == 0)) || compadd -l -d whole_texts -a whole
    ((${#begun} == 0)) || compadd -l -S '' -d begun_texts -a begun
}
if [[ ${funcstack[1]} == _secrets ]]; then
    _secrets "$@"
else
    compdef _secrets secrets
fi

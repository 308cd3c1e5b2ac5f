# Completions of `secrets` for bash 3.2 and later. Names come from the store, at the moment when they are asked for.
_secrets() {
    local line=$COMP_LINE rest word last quote='' kept current value i
    local -a words=()
    COMPREPLY=()
    # bash splits words at `=`, `:` and the like too; here only blanks do.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        rest=${line#"${line%%[![:space:]]*}"}
        if ((i > 0)) && [[ $rest == "$line" ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        line=${rest#"$word"}
    done
    # Words as the program would see them, without quotes.
    for i in "${!words[@]}"; do
        words[i]=${words[i]//[\\\'\"]/}
    done
    current=${words[${#words[@]} - 1]}
    last=${COMP_WORDS[COMP_CWORD]}
    case $last in
        \'* | \"*) quote=${last:0:1} ;;
    esac
    # What readline leaves as it stands, before what it puts in.
    case $last in
        [=:@\>\<\|\;\(\&]*) kept=$current ;;
        *)
            last=${last//[\\\'\"]/}
            kept=${current:0:${#current} - ${#last}}
            ;;
    esac
    while IFS= read -r value; do
        case $value in
            */ | *= | *'#') compopt -o nospace 2>/dev/null ;;
        esac
        value=${value#"$kept"}
        [[ -n $quote ]] || printf -v value %q "$value"
        COMPREPLY+=("$value")
    done < <(command secrets completions bash --at-word $((${#words[@]} - 1)) -- "${words[@]}" 2>/dev/null </dev/null)
    if ((${#COMPREPLY[@]} == 0)) && [[ $last == '~'* ]]; then
        while IFS= read -r value; do
            COMPREPLY+=("$value")
        done < <(compgen -f -- "$last")
        compopt -o filenames 2>/dev/null
    fi
}
complete -F _secrets secrets

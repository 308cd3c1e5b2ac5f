# Completions of `secrets` for fish. Names come from the store, at the moment when they are asked for.
function __secrets_answers
    set -l before (commandline -opc)
    set -l current (string replace -ra '[\\\\\'"]' '' -- (commandline -ct))
    command secrets completions fish --at-word (count $before) -- $before "$current" 2>/dev/null </dev/null
    string match -q -- '~*' "$current"; and __fish_complete_path "$current"
end
complete -c secrets -e
complete -c secrets -f -a '(__secrets_answers)'

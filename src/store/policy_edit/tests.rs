use super::super::policy_file::samples::{FULL, PARSERS};
use super::super::policy_file::{self, PolicyError};
use super::*;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::rules::Rules;

fn actor(name: &str) -> ActorName {
    name.parse().unwrap()
}

fn secret(name: &str) -> SecretName {
    name.parse().unwrap()
}

fn read(text: &str) -> Result<Policy, PolicyError> {
    policy_file::parse(text, "policy.toml", PARSERS)
}

/// The text after a change, which must still be a policy.
fn edited(text: &str, change: impl FnOnce(&mut Draft)) -> String {
    let mut draft = Draft::read(text, "policy.toml").unwrap();
    change(&mut draft);
    let edited = draft.to_string();
    if let Err(error) = read(&edited) {
        panic!("{error}\n{edited}");
    }
    edited
}

/// The lines that differ: `-` those that went, `+` those that came.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for (i, j) in (0..old.len()).rev().flat_map(|i| (0..new.len()).rev().map(move |j| (i, j))) {
        let same = old[i] == new[j];
        common[i][j] = if same { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(format!("-{}", old[i]));
            i += 1;
        } else {
            lines.push(format!("+{}", new[j]));
            j += 1;
        }
    }
    lines
}

fn add(name: &str, groups: &[&str]) -> impl FnOnce(&mut Draft) {
    let (name, keys) = (actor(name), vec![format!("age1{name}")]);
    let groups: Vec<ActorName> = groups.iter().map(|group| actor(group)).collect();
    move |draft| {
        let new = NewActor { name: &name, keys: &keys, groups: &groups };
        let _ = draft.add_person(new, Some("@x")).unwrap();
    }
}

#[test]
fn the_first_policy_is_read_and_takes_the_second_person() {
    let store = "01K3Y3Q5W0000000000000001A".to_owned().try_into().unwrap();
    let deploy_ref: DeployRef = "origin/main".parse().unwrap();
    for name in ["alice", "team", "a.b"] {
        let (name, keys) = (actor(name), ["age1KEYSGROUP".to_owned()]);
        let new = NewActor { name: &name, keys: &keys, groups: &[] };
        let text = first_policy(store, &deploy_ref, new, Some("@alice \"x\""));
        let policy = read(&text).unwrap();
        assert_eq!(policy.people[&name].contact.as_deref(), Some("@alice \"x\""));
        assert_eq!(policy.people[&name].keys[0].text, "age1KEYSGROUP");
        let readers = Rules::of(&policy, &secret("x")).readers.value;
        assert_eq!(policy.resolve(&readers), [name.clone()].into());
        let group = readers[0].clone();
        let after = edited(&text, add("bob", &[group.as_str()]));
        assert_eq!(
            difference(&text, &after).iter().filter(|line| line.starts_with('-')).collect::<Vec<_>>(),
            [&format!("-{group} = [\"{name}\"]")]
        );
        assert_eq!(read(&after).unwrap().resolve(&[group]).len(), 2);
    }
}

#[test]
fn the_first_policy_keeps_its_comments_when_a_scope_is_added() {
    let store = "01K3Y3Q5W0000000000000001A".to_owned().try_into().unwrap();
    let (name, keys) = (actor("alice"), ["age1a".to_owned()]);
    let new = NewActor { name: &name, keys: &keys, groups: &[] };
    let text = first_policy(store, &DeployRef::None, new, None);
    assert!(!text.contains("contact") && text.ends_with("\"SLACK_WEBHOOK\" }\n"), "{text}");
    // What stands there in comments is right once it is none.
    let bare = text.replace("\n#   ", "\n");
    let shown: String = bare.lines().flat_map(|line| [line, "\n"]).collect();
    let shown = shown.replace("\nsecrets ", "\n#secrets ");
    assert_eq!(
        read(&shown).map(|policy| (policy.channels.len(), policy.waivers.len())),
        Ok((1, 1)),
        "{shown}"
    );
    let after = edited(&text, |draft| draft.set_readers(&secret("a/b"), &[actor("alice")]).unwrap());
    assert_eq!(difference(&text, &after), ["+", "+[[scope]]", "+match = \"a/b\"", "+readers = [\"alice\"]"]);
}

#[test]
fn a_person_is_added_behind_the_others() {
    let after = edited(FULL, add("carol", &["infra", "night.shift"]));
    let expected = ["+", "+[people.carol]", "+keys = [\"age1carol\"]", "+contact = \"@x\""];
    let at = after.find("\n[people.carol]").unwrap();
    assert!(after[..at].ends_with("# a hardware key is ordered\n"), "{after}");
    assert!(after.contains(&expected.join("\n").replace('+', "")), "{after}");
    assert!(
        after.contains("infra = [\"alice\", \"bob\", \"ci\", \"carol\"]\n\"night.shift\" = [\"carol\"]\n"),
        "{after}"
    );
    let key = |n: usize| format!("ssh-ed25519 AAAA{n} dora@laptop");
    let (name, keys) = (actor("dora"), [key(1), key(2)]);
    let new = NewActor { name: &name, keys: &keys, groups: &[] };
    let after = edited(FULL, |draft| {
        assert_eq!(draft.add_machine(new).unwrap(), Added::default());
    });
    let table = "[machines.dora]\nkeys = [\n  \"ssh-ed25519 AAAA1 dora@laptop\",\n  \"ssh-ed25519 AAAA2 dora@laptop\",\n]\n";
    assert!(after.contains(table), "{after}");
}

#[test]
fn keys_to_sign_with_are_added() {
    let sign = |name: &str, keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| format!("ssh-ed25519 {key} {name}")).collect();
        let name = actor(name);
        edited(FULL, |draft| draft.add_signing_keys(&name, &keys).unwrap())
    };
    assert_eq!(sign("bob", &[]), FULL);
    assert_eq!(difference(FULL, &sign("bob", &["A"])), ["+signing-keys = [\"ssh-ed25519 A bob\"]"]);
    let two = read(&sign("bob", &["A", "B"])).unwrap();
    assert_eq!(two.people[&actor("bob")].signing_keys.len(), 2);
    let once = sign("bob", &["A", "A"]);
    assert_eq!(difference(FULL, &once), ["+signing-keys = [\"ssh-ed25519 A bob\"]"]);
    let more = read(&sign("alice", &["B"])).unwrap();
    assert_eq!(more.people[&actor("alice")].signing_keys.len(), 2);
    let mut draft = Draft::read(FULL, "policy.toml").unwrap();
    for nobody in ["ci", "dora"] {
        assert!(draft.add_signing_keys(&actor(nobody), &["x".to_owned()]).is_err(), "{nobody}");
    }
}

#[test]
fn sections_that_are_not_there_yet_are_made_where_they_belong() {
    let text = "schema = 1\nstore = \"01K3Y3Q5W0000000000000001A\"\ndeploy-ref = \"none\"\n[people.alice]\nkeys = [\"age1a\"]\n# Defaults.\n[defaults]\nmin-people = 1\n# end\n";
    let (name, keys, group) = (actor("ci"), ["age1ci".to_owned()], actor("robots"));
    let new = NewActor { name: &name, keys: &keys, groups: std::slice::from_ref(&group) };
    let after = edited(text, |draft| assert_eq!(draft.add_machine(new).unwrap().new_groups, new.groups));
    let expected = "+\n+[machines.ci]\n+keys = [\"age1ci\"]\n+\n+[groups]\n+robots = [\"ci\"]";
    assert_eq!(difference(text, &after).join("\n"), expected, "{after}");
}

#[test]
fn names_that_are_taken_are_refused() {
    let mut draft = Draft::read(FULL, "policy.toml").unwrap();
    for (name, section) in
        [("alice", "people"), ("ci", "machines"), ("team-kms", "shared-keys"), ("infra", "groups")]
    {
        let (name, keys) = (actor(name), ["age1x".to_owned()]);
        let new = NewActor { name: &name, keys: &keys, groups: &[] };
        let taken = EditError::Taken { name: name.to_string(), section };
        if section != "people" {
            assert_eq!(draft.add_person(new, None), Err(taken.clone()));
        }
        if section != "machines" {
            assert_eq!(draft.add_machine(new), Err(taken));
        }
    }
    let (name, keys, groups) = (actor("new"), ["age1x".to_owned()], [actor("alice")]);
    let new = NewActor { name: &name, keys: &keys, groups: &groups };
    assert!(matches!(draft.add_person(new, None), Err(EditError::Taken { section: "people", .. })));
    assert_eq!(draft.to_string(), FULL, "a change that fails leaves nothing behind");
}

#[test]
fn who_is_there_gets_what_they_do_not_have() {
    let groups = [actor("infra"), actor("night")];
    let (name, keys) = (actor("alice"), ["age1alice".to_owned(), "age1new alice@desk".to_owned()]);
    let new = NewActor { name: &name, keys: &keys, groups: &groups };
    let after = edited(FULL, |draft| {
        let added = draft.add_person(new, Some("@al")).unwrap();
        assert_eq!((added.was_there, added.new_groups), (true, vec![actor("night")]));
    });
    assert_eq!(
        difference(FULL, &after),
        [
            "-keys = [\"age1alice\", \"ssh-ed25519 AAAAalice alice@laptop\"]",
            "+keys = [\"age1alice\", \"ssh-ed25519 AAAAalice alice@laptop\", \"age1new alice@desk\"]",
            "-contact = \"@alice\"",
            "+contact = \"@al\"",
            "+night = [\"alice\"]",
        ]
    );
    // What is there already is left as it is, whatever the comment behind a key.
    let keys = ["ssh-ed25519 AAAAalice another comment".to_owned()];
    let same = NewActor { name: &name, keys: &keys, groups: &groups[..1] };
    assert_eq!(edited(FULL, |draft| assert!(draft.add_person(same, None).unwrap().was_there)), FULL);
    let (name, keys) = (actor("bob"), ["age1two".to_owned()]);
    let new = NewActor { name: &name, keys: &keys, groups: &[] };
    let after = edited(FULL, |draft| drop(draft.add_person(new, None).unwrap()));
    assert!(after.contains("keys = [\"age1bob\", \"age1two\"] # a hardware key is ordered"), "{after}");
}

#[test]
fn a_person_is_taken_out_of_everything_that_names_them() {
    let mut removal = Removal::default();
    let after = edited(FULL, |draft| removal = draft.remove_actor(&actor("alice"), false).unwrap());
    assert_eq!(removal.groups, ["infra"]);
    assert_eq!(removal.readers_of, ["`*/prod/**`"]);
    assert_eq!(removal.shared_keys, ["team-kms"]);
    assert_eq!(removal.waivers, ["single-holder of legacy/ftp"]);
    assert!(after.contains("people = [\"bob\"]") && after.contains("infra = [\"bob\", \"ci\"]"), "{after}");
    assert!(after.contains("readers = [\n  \"team-kms\",\n]"), "{after}");
    assert!(after.contains("# a hardware key is ordered") && after.starts_with("# The policy of a test.\n"));
    assert!(!after.contains("people.alice"));
    let error = Draft::read(FULL, "p").unwrap().remove_actor(&actor("zoe"), false).unwrap_err();
    assert_eq!(error, EditError::Unknown { name: "zoe".into() });
}

#[test]
fn nothing_is_left_empty_unasked() {
    let text = FULL
        .replace("infra = [\"alice\", \"bob\", \"ci\"]", "infra = [\"alice\", \"bob\"]\nrobots = [\"ci\"]");
    let mut draft = Draft::read(&text, "p").unwrap();
    let error = draft.remove_actor(&actor("ci"), false).unwrap_err();
    assert_eq!(error, EditError::EmptyGroup { name: "ci".into(), group: "robots".into() });
    assert_eq!(draft.to_string(), text);
    let after = edited(&text, |draft| {
        assert_eq!(draft.remove_actor(&actor("ci"), true).unwrap().emptied_groups, ["robots"]);
    });
    assert!(!after.contains("robots") && !after.contains("machines"), "{after}");

    let alone = text.replace("readers = [\"infra\"]", "readers = [\"robots\"]");
    let error = Draft::read(&alone, "p").unwrap().remove_actor(&actor("ci"), true).unwrap_err();
    assert_eq!(error, EditError::NoReaders { scope: "[defaults]".into() });
    let behind = text.replace("people = [\"alice\", \"bob\"]", "people = [\"bob\"]");
    let error = Draft::read(&behind, "p").unwrap().remove_actor(&actor("bob"), true).unwrap_err();
    assert_eq!(error, EditError::NobodyBehind { shared: "team-kms".into() });
}

#[test]
fn comments_go_with_what_they_are_about_and_no_further() {
    let head = "schema = 1\nstore = \"01K3Y3Q5W0000000000000001A\"\ndeploy-ref = \"none\"\n";
    let text = format!(
        "{head}\n# Who there is.\n\n# Alice is on leave.\n[people.alice]\nkeys = [\"age1a\"]\n\n# Bob is here.\n[people.bob]\nkeys = [\"age1b\"]\n\n[groups]\ninfra = [\n  # on call\n  \"alice\", # lead\n  \"bob\", # second\n]\n# end\n"
    );
    let after = edited(&text, |draft| drop(draft.remove_actor(&actor("alice"), false).unwrap()));
    let expected = format!(
        "{head}\n# Who there is.\n\n# Bob is here.\n[people.bob]\nkeys = [\"age1b\"]\n\n[groups]\ninfra = [\n  # on call\n  \"bob\", # second\n]\n# end\n"
    );
    assert_eq!(after, expected);
    let after = edited(&text, |draft| drop(draft.remove_actor(&actor("bob"), false).unwrap()));
    let expected = format!(
        "{head}\n# Who there is.\n\n# Alice is on leave.\n[people.alice]\nkeys = [\"age1a\"]\n\n[groups]\ninfra = [\n  # on call\n  \"alice\", # lead\n]\n# end\n"
    );
    assert_eq!(after, expected);
    let after = edited(&text, add("carol", &["infra"]));
    assert!(after.contains("  \"bob\", # second\n  \"carol\",\n]\n# end\n"), "{after}");
    let no_comma = text.replace("\"bob\", # second", "\"bob\" # second");
    let after = edited(&no_comma, add("carol", &["infra"]));
    assert!(after.contains("  \"bob\", # second\n  \"carol\",\n]\n# end\n"), "{after}");
    let after = edited(&no_comma, |draft| drop(draft.remove_actor(&actor("bob"), false).unwrap()));
    assert!(after.contains("  \"alice\" # lead\n]\n# end\n"), "{after}");
}

#[test]
fn one_key_of_several_can_go() {
    let after =
        edited(FULL, |draft| draft.remove_key(&actor("alice"), |key| key.starts_with("ssh-")).unwrap());
    let gone = "-keys = [\"age1alice\", \"ssh-ed25519 AAAAalice alice@laptop\"]";
    assert_eq!(difference(FULL, &after), [gone, "+keys = [\"age1alice\"]"]);
    let after = edited(FULL, |draft| draft.remove_key(&actor("alice"), |key| key == "age1alice").unwrap());
    assert!(after.contains("keys = [\"ssh-ed25519 AAAAalice alice@laptop\"]"), "{after}");
    let mut draft = Draft::read(FULL, "p").unwrap();
    assert_eq!(
        draft.remove_key(&actor("bob"), |_| true),
        Err(EditError::LastKey { name: "bob".into(), section: "people" })
    );
    assert_eq!(draft.remove_key(&actor("bob"), |_| false), Err(EditError::NoSuchKey { name: "bob".into() }));
    assert_eq!(draft.remove_key(&actor("infra"), |_| true), Err(EditError::Unknown { name: "infra".into() }));
    assert_eq!(draft.to_string(), FULL);
}

#[test]
fn readers_that_are_set_are_the_readers() {
    let readers = |text: &str, name: &str| {
        let policy = read(text).unwrap();
        let rules = Rules::of(&policy, &secret(name));
        rules.readers.value.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let set = |text: &str, name: &str, to: &[&str]| {
        let to: Vec<ActorName> = to.iter().map(|reader| actor(reader)).collect();
        edited(text, |draft| draft.set_readers(&secret(name), &to).unwrap())
    };
    let once = set(FULL, "x/prod/db", &["bob", "ci"]);
    assert_eq!(readers(&once, "x/prod/db"), "bob ci");
    assert_eq!(readers(&once, "x/prod/other"), "alice team-kms");
    assert_eq!(
        difference(FULL, &once),
        ["+[[scope]]", "+match = \"x/prod/db\"", "+readers = [\"bob\", \"ci\"]", "+"]
    );
    let twice = set(&once.replace("[\"bob\", \"ci\"]", "[\"bob\", \"ci\"] # why"), "x/prod/db", &["alice"]);
    assert_eq!(difference(&once, &twice), ["-readers = [\"bob\", \"ci\"]", "+readers = [\"alice\"] # why"]);
    // A scope of its own that a later one overrules would not be heard.
    let overruled =
        once.replacen("[[waiver]]", "[[scope]]\nmatch = \"**\"\nreaders = [\"ci\"]\n[[waiver]]", 1);
    assert_eq!(readers(&overruled, "x/prod/db"), "ci");
    assert_eq!(readers(&set(&overruled, "x/prod/db", &["bob"]), "x/prod/db"), "bob");
    // One that says something else about the secret keeps it.
    let strict = FULL.replacen("[[waiver]]", "[[scope]]\nmatch = \"a\"\nmin-people = 1\n[[waiver]]", 1);
    let after = set(&strict, "a", &["bob"]);
    assert_eq!(difference(&strict, &after), ["+readers = [\"bob\"]"]);
}

#[test]
fn a_secret_is_renamed_and_dropped_wherever_it_is_named_exactly() {
    let text = FULL.replace("require = [\"*/prod/db\"]", "require = [\"*/prod/db\", \"legacy/ftp\"] # both");
    let text = text.replacen("[[waiver]]", "# The old one.\n[[scope]]\nmatch = \"legacy/ftp\" # exactly\nmin-people = 1\n\n# Waivers.\n\n[[waiver]]", 1);
    let mut renamed = 0;
    let after =
        edited(&text, |draft| renamed = draft.rename_secret(&secret("legacy/ftp"), &secret("new/sftp")));
    assert_eq!(renamed, 3);
    assert_eq!(after, text.replace("legacy/ftp", "new/sftp"));
    let mut dropped = Dropped::default();
    let after = edited(&text, |draft| dropped = draft.drop_secret(&secret("legacy/ftp")));
    assert_eq!(dropped, Dropped { scopes: 1, waivers: 1 });
    assert!(
        !after.contains("The old one") && after.contains("# Waivers.") && after.contains("# both"),
        "{after}"
    );
    assert!(!after.contains("[[waiver]]") && after.contains("\"legacy/ftp\"] # both"), "{after}");
    assert_eq!(
        edited(FULL, |draft| assert_eq!(draft.drop_secret(&secret("other")), Dropped::default())),
        FULL
    );
}

#[test]
fn globs_of_tracked_files_are_added_once() {
    let globs = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let track =
        |text: &str, texts: &[&str]| edited(text, |draft| draft.add_tracked_files(&globs(texts)).unwrap());
    assert_eq!(track(FULL, &["vault.yml", "**/enc-*"]), FULL);
    assert_eq!(track(FULL, &[]), FULL);
    let more = track(FULL, &["vault.yml", "a/b", "a/b"]);
    let expected =
        ["-files = [\"**/enc-*\", \"vault.yml\"]", "+files = [\"**/enc-*\", \"vault.yml\", \"a/b\"]"];
    assert_eq!(difference(FULL, &more), expected);
    assert_eq!(track(&more, &["a/b"]), more);

    let (before, _) = FULL.split_once("\n[track]").unwrap();
    let first = track(before, &["a", "b/**"]);
    assert_eq!(difference(before, &first), ["+", "+[track]", "+files = [\"a\", \"b/**\"]"]);
    assert_eq!(track(&first, &["b/**", "a"]), first);
    // It has other keys, in other spellings, and comments.
    for (text, line) in [
        ("[track]\nexcept = [\"x\"] # why\n", "+files = [\"a\"]"),
        ("[track]\nfiles = [\n  \"x\", # one\n]\n", "+  \"a\","),
    ] {
        let text = format!("{before}\n{text}");
        assert_eq!(difference(&text, &track(&text, &["a"])), [line]);
    }
    let inline = format!("track = {{ except = [\"x\"] }}\n{before}");
    let policy = read(&track(&inline, &["a"])).unwrap();
    assert_eq!(policy.track.unwrap().files[0].as_str(), "a");
    for bad in ["track = 1\n", "track.files = 1\n"] {
        let text = format!("{bad}{before}");
        let mut draft = Draft::read(&text, "p").unwrap();
        assert!(draft.add_tracked_files(&globs(&["a"])).is_err());
        assert_eq!(draft.to_string(), text);
    }
}

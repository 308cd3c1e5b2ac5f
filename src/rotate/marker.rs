//! The marker of a version, as a name that a provider keeps with what it made.

use crate::domain::id::VersionId;

const PREFIX: &str = "secrets ";

pub fn name(marker: VersionId) -> String {
    format!("{PREFIX}{marker}")
}

/// `None` of whatever has another form: then it was not made here.
pub fn read(name: &str) -> Option<VersionId> {
    VersionId::try_from(name.strip_prefix(PREFIX)?.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_name_is_a_marker() {
        let id = VersionId::from_parts("2027-08-30T20:15:52Z".parse().unwrap(), 42);
        assert_eq!(read(&name(id)), Some(id));
        for other in
            [format!("secrets  {id}"), format!("secrets {id} "), format!("Secrets {id}"), id.to_string()]
        {
            assert_eq!(read(&other), None, "{other}");
        }
        assert_eq!(read(&name(id).to_lowercase()), None);
        assert_eq!(read("secrets of the web team"), None);
    }
}

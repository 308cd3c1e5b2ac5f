//! Ids of keys in a cloud's key service. A policy may list them (files of other tools are sealed to them); an
//! age file can't be sealed to one.

/// Whether a text is the id of a key in AWS KMS, Google Cloud KMS, Azure Key Vault or Vault's transit engine, in
/// the forms that sops writes.
pub fn is_key_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
        && (is_aws(text) || is_google(text) || is_azure(text) || is_transit(text))
}

/// `arn:aws:kms:REGION:ACCOUNT:key/ID` or `:alias/NAME`, in any partition.
fn is_aws(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let partition_fits = |p: &str| p == "aws" || p.starts_with("aws-");
    parts.next() == Some("arn")
        && parts.next().is_some_and(partition_fits)
        && parts.next() == Some("kms")
        && parts.next().is_some_and(|region| !region.is_empty())
        && parts.next().is_some_and(|account| !account.is_empty())
        && parts
            .next()
            .and_then(|resource| resource.strip_prefix("key/").or(resource.strip_prefix("alias/")))
            .is_some_and(|name| !name.is_empty())
}

/// `projects/P/locations/L/keyRings/R/cryptoKeys/K`, with or without `/cryptoKeyVersions/V`.
fn is_google(text: &str) -> bool {
    let parts = text.split('/').collect::<Vec<_>>();
    let (pairs, rest) = parts.as_chunks::<2>();
    let kinds = pairs.iter().map(|[kind, _]| *kind).collect::<Vec<_>>();
    let expected = ["projects", "locations", "keyRings", "cryptoKeys", "cryptoKeyVersions"];
    rest.is_empty()
        && pairs.iter().all(|[_, name]| !name.is_empty())
        && (kinds == expected || expected.strip_suffix(&["cryptoKeyVersions"]) == Some(kinds.as_slice()))
}

/// Host and path of an `https` address.
fn https(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("https://")?.split_once('/')
}

/// `https://VAULT.vault.azure.net/keys/KEY/VERSION`, sovereign clouds and managed HSMs included.
fn is_azure(text: &str) -> bool {
    const DOMAINS: [&str; 7] = [
        ".vault.azure.net",
        ".vault.azure.cn",
        ".vault.usgovcloudapi.net",
        ".vault.microsoftazure.de",
        ".managedhsm.azure.net",
        ".managedhsm.azure.cn",
        ".managedhsm.usgovcloudapi.net",
    ];
    https(text).is_some_and(|(host, path)| {
        DOMAINS.iter().any(|domain| host.strip_suffix(domain).is_some_and(|name| !name.is_empty()))
            && path.strip_prefix("keys/").is_some_and(|key| !key.is_empty())
    })
}

/// `https://VAULT/v1/MOUNT/keys/KEY`.
fn is_transit(text: &str) -> bool {
    let after_scheme = https(text).or_else(|| text.strip_prefix("http://")?.split_once('/'));
    after_scheme.is_some_and(|(host, path)| {
        !host.is_empty()
            && path
                .strip_prefix("v1/")
                .and_then(|rest| rest.rsplit_once("/keys/"))
                .is_some_and(|(mount, key)| !mount.is_empty() && !key.is_empty() && !key.contains('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_sops_writes() {
        for id in [
            "arn:aws:kms:us-west-2:927034868273:key/fe86dd69-4132-404c-ab86-4269956b4500",
            "arn:aws-us-gov:kms:us-gov-west-1:927034868273:alias/sops",
            "projects/p/locations/global/keyRings/r/cryptoKeys/k",
            "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
            "https://sops.vault.azure.net/keys/sops-key/some-string",
            "https://hsm.managedhsm.azure.net/keys/k",
            "https://vault.example.com:8200/v1/sops/keys/firstkey",
            "http://127.0.0.1:8200/v1/a/b/keys/firstkey",
        ] {
            assert!(is_key_id(id), "{id}");
        }
        for other in [
            "",
            "arn:aws:s3:::bucket",
            "arn:aws:kms:us-west-2:927034868273:key/",
            "arn:aws:kms:us-west-2:1:key/a b",
            "projects/p/locations/global/keyRings/r",
            "projects/p/locations/global/keyRings/r/cryptoKeys/",
            "projects//locations/global/keyRings/r/cryptoKeys/k",
            "https://vault.azure.net/keys/k",
            "https://evil.example/keys/k",
            "https://vault.example.com/v1//keys/",
            "https://vault.example.com/v1//keys/firstkey",
            "https://vault.example.com/v1/sops/keys/",
            "https://vault.example.com/v1/sops/keys/first/key",
            "https:///v1/sops/keys/firstkey",
            "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
        ] {
            assert!(!is_key_id(other), "{other}");
        }
    }
}

//! Addresses. What becomes of requests is tested against servers, in `tests/notify/`.

use super::*;

fn parse(address: &str) -> Result<Target, ServiceError> {
    Target::parse("url", &Value::new(address.as_bytes().to_vec()))
}

#[test]
fn an_address_is_shown_up_to_its_port() {
    for (address, shown) in [
        ("https://hooks.example/services/T0/B0/geheim?token=geheim", "https://hooks.example"),
        ("https://hooks.example:8443/geheim\n", "https://hooks.example:8443"),
        ("http://127.0.0.1:9093/geheim", "http://127.0.0.1:9093"),
        ("http://[::1]:9093", "http://[::1]:9093"),
        ("http://localhost/geheim", "http://localhost"),
    ] {
        assert_eq!(parse(address).unwrap().to_string(), shown);
    }
}

#[test]
fn an_address_that_others_could_read_along_is_refused_and_not_repeated() {
    for (address, why) in [
        ("http://hooks.example/geheim", "in clear"),
        ("http://127.0.0.1.example/geheim", "in clear"),
        ("http://10.0.0.1/geheim", "in clear"),
        ("https://user:geheim@hooks.example/", "a user or a password"),
        ("https://geheim@hooks.example/", "a user or a password"),
        ("ftp://hooks.example/geheim", "no address"),
        ("hooks.example/geheim", "no address"),
        ("", "no address"),
    ] {
        let error = parse(address).err().unwrap().to_string();
        assert!(error.starts_with("url: ") && error.contains(why), "{address}: {error}");
        assert!(!error.contains("geheim"), "{error}");
    }
    assert!(Target::parse("url", &Value::new(vec![0xff])).is_err());
}

#[test]
fn paths_are_added_behind_what_is_there() {
    for (base, path) in [
        ("https://am.example", "/api/v2/alerts"),
        ("https://am.example/", "/api/v2/alerts"),
        ("https://am.example/below/", "/below/api/v2/alerts"),
    ] {
        assert_eq!(parse(base).unwrap().at(&["api", "v2", "alerts"]).url.path(), path);
    }
    let target = parse("https://am.example").unwrap().at(&["a/b ?"]).with_query(&[("q", "a&b")]);
    assert_eq!(target.url.as_str(), "https://am.example/a%2Fb%20%3F?q=a%26b");
}

//! Addresses of the web that stand in clear where everybody reads them.

use core::net::IpAddr;

/// The longest address, in bytes.
const MAX_BYTES: usize = 2000;

/// Why a text is no address to be called. It is not quoted: who wrote it there may have written a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebAddressError {
    #[error("is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("is no address: write https://HOST/PATH")]
    NotAnAddress,
    #[error("would be called in clear: write https:// (http:// is for this very machine only)")]
    InClear,
    #[error(
        "holds a user or a password before the host: take them out, and replace the password, git keeps it for good"
    )]
    Login,
}

/// Whether the text is an address that may be called: `https`, or `http` on this very machine (RFC 3986, without user and
/// fragment).
///
/// # Errors
/// It is none, or what is sent there could be read on the way.
pub fn check(text: &str) -> Result<(), WebAddressError> {
    if text.len() > MAX_BYTES {
        return Err(WebAddressError::TooLong);
    }
    let (scheme, rest) = text.split_once("://").ok_or(WebAddressError::NotAnAddress)?;
    let (authority, beyond) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(WebAddressError::Login);
    }
    let (host, port) = host_and_port(authority).ok_or(WebAddressError::NotAnAddress)?;
    let is_plain = |c: char| {
        c.is_ascii_graphic() && !matches!(c, '#' | '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}')
    };
    if !is_host(host) || port == Some(0) || !beyond.chars().all(is_plain) {
        return Err(WebAddressError::NotAnAddress);
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => Err(WebAddressError::InClear),
        _ => Err(WebAddressError::NotAnAddress),
    }
}

/// Whether the text names a host: letters, digits, `.` and `-`, or an IP address.
pub fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && label.bytes().all(is_plain)
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    host.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(is_label))
}

/// Whether it is this very machine, by name or address.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The port is `None` where there is none, and 0 where it is no number.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, behind) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            host.parse::<core::net::Ipv6Addr>().ok()?;
            (host, behind)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if behind.is_empty() {
        return Some((host, None));
    }
    let digits = behind.strip_prefix(':')?;
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    Some((host, Some(digits.parse().ok().filter(|_| is_number).unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_called() {
        for good in [
            "https://events.pagerduty.com",
            "https://hc-ping.com/5b6c?create=1",
            "https://am.example:9093/base",
            "https://[2001:db8::1]:8443/",
            "http://localhost:9093",
            "http://127.0.0.1/x",
            "http://[::1]:80",
            "https://host/@scope",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let long = |length: usize| format!("https://host/{}", "x".repeat(length - "https://host/".len()));
        assert_eq!(check(&long(MAX_BYTES)), Ok(()));
        assert_eq!(check(&long(MAX_BYTES + 1)), Err(WebAddressError::TooLong));
        for (bad, why) in [
            ("", WebAddressError::NotAnAddress),
            ("example.org/x", WebAddressError::NotAnAddress),
            ("ftp://example.org", WebAddressError::NotAnAddress),
            ("HTTPS://example.org", WebAddressError::NotAnAddress),
            ("https://", WebAddressError::NotAnAddress),
            ("https:///x", WebAddressError::NotAnAddress),
            ("https://a b/", WebAddressError::NotAnAddress),
            ("https://a/b c", WebAddressError::NotAnAddress),
            ("https://a/\u{202e}", WebAddressError::NotAnAddress),
            ("https://a/b#c", WebAddressError::NotAnAddress),
            ("https://a#b", WebAddressError::NotAnAddress),
            ("https://a\\b", WebAddressError::NotAnAddress),
            ("https://a:0/", WebAddressError::NotAnAddress),
            ("https://a:/", WebAddressError::NotAnAddress),
            ("https://a:+1/", WebAddressError::NotAnAddress),
            ("https://a:70000/", WebAddressError::NotAnAddress),
            ("https://[::1", WebAddressError::NotAnAddress),
            ("https://[a]/", WebAddressError::NotAnAddress),
            ("https://-a/", WebAddressError::NotAnAddress),
            ("http://example.org", WebAddressError::InClear),
            ("http://localhost.example.org", WebAddressError::InClear),
            ("http://10.0.0.1", WebAddressError::InClear),
            ("https://me:pw@host/x", WebAddressError::Login),
            ("http://127.0.0.1@evil.example/", WebAddressError::Login),
        ] {
            assert_eq!(check(bad), Err(why), "{bad}");
        }
        assert_eq!(check(&format!("https://a/{}", "b".repeat(2000))), Err(WebAddressError::TooLong));
    }
}

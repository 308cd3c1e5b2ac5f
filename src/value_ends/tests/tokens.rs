//! JSON Web Tokens and shared access signatures.

use super::*;

#[test]
fn a_token_ends_at_exp() {
    let end = "2028-01-01T00:00:00Z jwt token of https://issuer.example.org";
    let jwt = expiring(r#"{"iss":"https://issuer.example.org","exp":1830297600}"#);
    for text in [
        jwt.clone(),
        format!("  {jwt}\r\n"),
        format!("Bearer {jwt}\n"),
        format!("\u{feff}{jwt}"),
        format!(r#"{{"access_token":"{jwt}","expires_in":3600}}"#),
        format!(r#"[{{"status":{{"token":"{jwt}"}}}}]"#),
    ] {
        assert_eq!(told(&text), [end], "{text}");
    }
    for payload in
        [r#"{"exp":1830297600.9}"#, r#"{"exp":1.8302976e9,"iss":7}"#, r#"{"iss":"","exp":1830297600}"#]
    {
        assert_eq!(told(expiring(payload)), ["2028-01-01T00:00:00Z jwt token"], "{payload}");
    }
    // RFC 7519, section 3.1.
    let published = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh\
                     0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(told(published), ["2011-03-22T18:43:00Z jwt token of joe"]);
    assert_eq!(
        told(published.rsplit_once('.').unwrap().0.to_owned() + "."),
        ["2011-03-22T18:43:00Z jwt token of joe"]
    );
}

#[test]
fn a_token_without_exp_and_what_is_no_token_give_nothing() {
    for text in [
        expiring(r#"{"iss":"kubernetes/serviceaccount","sub":"x"}"#),
        expiring(r#"{"exp":null}"#),
        token(r#"{"typ":"JWT"}"#, r#"{"exp":1830297600}"#),
        token(r#"["alg"]"#, r#"{"exp":1830297600}"#),
        token("none", r#"{"exp":1830297600}"#),
        format!("the token {}", expiring(r#"{"exp":1830297600}"#)),
        format!("{}.more", expiring(r#"{"exp":1830297600}"#)),
        format!(r#"{{"name":"{}"}}"#, expiring(r#"{"exp":1830297600}"#)),
    ] {
        assert_eq!(read(text.as_bytes()), ValueEnds::default(), "{text}");
    }
}

#[test]
fn a_token_whose_end_is_not_known_is_said() {
    let reason = "a token: its `exp` is no number of seconds between 1970 and 9999";
    for exp in ["0", "0.0", "-1", "\"1830297600\"", "true", "[1830297600]", "253402300800", "1e300", "1e11x"]
    {
        let told = unread(expiring(&format!(r#"{{"exp":{exp}}}"#)));
        if exp.ends_with('x') {
            assert_eq!(told, ["a token: its payload is no JSON object with one `exp`"]);
        } else {
            assert_eq!(told, [reason], "{exp}");
        }
    }
    let no_payload = "a token: its payload is no JSON object with one `exp`";
    assert_eq!(unread(expiring(r#"{"exp":1830297600,"exp":1}"#)), [no_payload]);
    assert_eq!(unread(expiring("[1830297600]")), [no_payload]);
    let encrypted = format!("{}.a.b", token(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, "x"));
    assert_eq!(unread(encrypted), ["a token: it is encrypted (JWE), and its end is not read"]);
}

/// Examples of the pages "Create a service SAS", "Create an account SAS" (Azure Storage) and "Access control with
/// shared access signatures" (Service Bus), their dates moved.
#[test]
fn a_shared_access_signature_ends_at_se() {
    let end = |at: &str| vec![format!("{at} azure-sas Azure shared access signature")];
    let sig = "sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D";
    let noon = end("2027-08-31T12:00:00Z");
    for text in [
        format!(
            "https://myaccount.blob.core.windows.net/sascontainer/sasblob.txt?sv=2023-11-03&st=2027-04-29T22%3A18%3A26Z\
             &se=2027-08-31T12%3A00%3A00Z&sr=b&sp=rw&sip=168.1.5.60-168.1.5.70&spr=https&{sig}"
        ),
        format!(
            "?sv=2023-11-03&ss=bfqt&srt=sco&sp=rl&se=2027-08-31T12:00:00Z&st=2027-01-01&spr=https&{sig}\n"
        ),
        format!("sv=2023-11-03&{sig}&se=2027-08-31T12%3A00Z"),
        format!(
            "BlobEndpoint=https://x.blob.core.windows.net/;QueueEndpoint=https://x.queue.core.windows.net/;\
             SharedAccessSignature=sv=2023-11-03&ss=bq&srt=s&sp=r&se=2027-08-31T12%3a00%3a00Z&{sig}"
        ),
        format!("SAS_TOKEN='se=2027-08-31T14%3A00%3A00.0000000%2B02%3A00&sv=1&{sig}'"),
        format!(
            "SharedAccessSignature sr=sb%3a%2f%2fns.servicebus.windows.net&{sig}&se=1819713600&skn=RootManage"
        ),
        format!(
            "Endpoint=sb://ns.servicebus.windows.net/;EntityPath=q;SharedAccessSignature=SharedAccessSignature \
             sr=x&{sig}&se=1819713600&skn=key"
        ),
        serde_json::json!({ "url": format!("https://x/?sv=1&se=2027-08-31T12%3A00Z&{sig}") })
            .to_string()
            .replace('&', "\\u0026"),
    ] {
        assert_eq!(told(&text), noon, "{text}");
    }
    assert_eq!(told(format!("sv=1&se=2027-08-31&{sig}")), end("2027-08-31T00:00:00Z"));
}

#[test]
fn a_shared_access_signature_whose_end_is_not_known_is_said() {
    let sig = "sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D";
    for se in [
        "soon",
        "",
        "2027-13-01",
        "31.08.2027",
        "99999999999999999999",
        "1819713600000",
        "%zz",
        "2027-08-31&se=2028-08-31",
    ] {
        assert_eq!(
            unread(format!("?sv=1&se={se}&{sig}")),
            ["Azure shared access signature: its `se` is no date between 1970 and 9999"],
            "{se}"
        );
    }
    assert_eq!(
        unread(format!("?sv=1&si=policy&sr=c&{sig}")),
        ["Azure shared access signature: its end stands in the policy it names: give --expires"]
    );
}

//! Metrics, pushed to a Pushgateway (its API as of 1.x): what is pushed takes the place of all that its group held.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use reqwest::Method;

use super::Outside;
use crate::domain::value::Value;
use crate::web::{Request, ServiceError, Target};

/// A Pushgateway reads the text format of Prometheus, of which what `OpenMetrics` has beyond it are comments; that it would
/// be `OpenMetrics` it does not want to hear.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Its `Authorization`, as it is: who pushes has it in the environment, and never in an address or an argument.
const AUTHORIZATION: &str = "SECRETS_PUSH_AUTHORIZATION";

/// `job` and `grouping` name the group; the values of labels may be any text.
pub fn push(
    url: &str,
    job: &str,
    grouping: &BTreeMap<String, String>,
    body: Vec<u8>,
    outside: &Outside,
) -> Result<(), ServiceError> {
    let target = Target::parse("--push", &Value::new(url.as_bytes().to_vec()))?;
    let segments = segments(job, grouping);
    let segments = segments.iter().map(String::as_str).collect::<Vec<_>>();
    let authorization =
        outside.environment.var(AUTHORIZATION).map(|text| Value::new(text.as_bytes().to_vec()));
    let request = Request::new(Method::PUT, &target.at(&segments)).with_body(TEXT, body);
    let request = request.authorized(authorization.as_ref())?;
    outside.send(&request).map(|_| ())
}

/// `metrics/job/secrets/store@base64/…`: a name may hold a slash, which no segment can.
fn segments(job: &str, grouping: &BTreeMap<String, String>) -> Vec<String> {
    let mut segments = vec!["metrics".to_owned(), "job".to_owned(), job.to_owned()];
    for (name, value) in grouping {
        segments.push(format!("{name}@base64"));
        // Nothing at all is written as one sign of padding.
        segments.push(if value.is_empty() { "=".to_owned() } else { URL_SAFE.encode(value) });
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_group() {
        let grouping = [("store", "a/b?c"), ("none", "")];
        let grouping = grouping.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let segments = segments("secrets", &grouping);
        assert_eq!(segments.join("/"), "metrics/job/secrets/none@base64/=/store@base64/YS9iP2M=");
    }
}

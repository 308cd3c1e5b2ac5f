//! The tokens that the stand-in gives out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::super::server::Request;
use super::super::staged::Event;
use super::super::standin::{Reply, percent_decoded};
use super::{Entra, TENANT};

impl Entra {
    pub(super) fn log_in(&mut self, request: &Request) -> Reply {
        let tenant = request.line.strip_prefix("POST /");
        let tenant = tenant.and_then(|rest| rest.strip_suffix("/oauth2/v2.0/token HTTP/1.1"));
        let Some(tenant) = tenant else {
            self.against(format!("{}: no address of it", request.line));
            return log_in_error(404, "invalid_request", 900_023, "There is nothing here.");
        };
        if request.header("content-type") != Some("application/x-www-form-urlencoded") {
            self.against("a token is asked for by a form");
            return log_in_error(400, "invalid_request", 900_144, "The request body is no form.");
        }
        if tenant != TENANT {
            let text = format!("Tenant '{tenant}' not found.");
            return log_in_error(400, "invalid_request", 90_002, &text);
        }
        let fields = form(&request.body);
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        if names.iter().copied().collect::<BTreeSet<_>>()
            != BTreeSet::from(["client_id", "client_secret", "grant_type", "scope"])
            || names.len() != 4
        {
            self.against(format!("the fields of a form are {names:?}"));
            return log_in_error(400, "invalid_request", 900_144, "The request body misses a parameter.");
        }
        let fields: BTreeMap<_, _> = fields.into_iter().collect();
        let host = request.header("host").unwrap_or_default();
        if fields["grant_type"] != "client_credentials" {
            self.against("another grant");
            return log_in_error(400, "unsupported_grant_type", 70_003, "The grant is not supported.");
        }
        if fields["scope"] != format!("http://{host}/.default") {
            let text = format!("The provided value for 'scope' {} is not valid.", fields["scope"]);
            return log_in_error(400, "invalid_scope", 70_011, &text);
        }
        let client = fields["client_id"].clone();
        let Some((_, passwords)) = self.passwords.get_mut(&client) else {
            let text = format!("Application with identifier '{client}' was not found in the directory.");
            return log_in_error(400, "unauthorized_client", 700_016, &text);
        };
        let found = passwords.iter_mut().find(|one| one.secret == fields["client_secret"]);
        let is_taken = match found {
            None => false,
            Some(password) => {
                password.tried += 1;
                let is_known = password.refused == 0;
                password.refused = password.refused.saturating_sub(1);
                self.events.extend(is_known.then(|| Event::LoggedIn(password.key_id.clone())));
                is_known
            }
        };
        if !is_taken {
            let text = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                        value, not the client secret ID, for a secret added to app.";
            return log_in_error(401, "invalid_client", 7_000_215, text);
        }
        let token = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.token-{}", self.tokens.len());
        self.tokens.insert(token.clone(), client);
        let body = json!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token });
        Reply::new(200, body)
    }
}

fn log_in_error(status: u16, error: &str, number: u64, text: &str) -> Reply {
    let description = format!(
        "AADSTS{number}: {text} Trace ID: 255d1aef-8c98-452f-ac51-23d051240864 Correlation ID: \
         fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7 Timestamp: 2027-08-24 00:00:00Z"
    );
    let body = json!({
        "error": error, "error_description": description, "error_codes": [number],
        "timestamp": "2027-08-24 00:00:00Z", "trace_id": "255d1aef-8c98-452f-ac51-23d051240864",
        "correlation_id": "fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7",
    });
    Reply::new(status, body)
}

fn form(body: &[u8]) -> Vec<(String, String)> {
    let body = std::str::from_utf8(body).unwrap().replace('+', "%20");
    let fields = body.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, value)| (percent_decoded(name), percent_decoded(value))).collect()
}

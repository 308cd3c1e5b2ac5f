//! `secrets schema`.

use super::{CommandError, Session};
use crate::cli::{Schema, SchemaOf};
use crate::rotate;
use crate::store::schema;

pub fn run(session: &Session, arguments: &Schema) -> Result<u8, CommandError> {
    let value = match arguments.of {
        SchemaOf::Policy => schema::policy_schema(),
        SchemaOf::Record => schema::record_schema(),
        SchemaOf::Custody => schema::custody_schema(),
        SchemaOf::RotatorRequest => rotate::request_schema(),
        SchemaOf::RotatorAnswer => rotate::answer_schema(),
    };
    session.print_json(&value)?;
    Ok(0)
}

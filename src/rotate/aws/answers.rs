//! What IAM and STS answer: XML, of which what is looked for must be there once, and is not guessed.

use roxmltree::{Document, Node, ParsingOptions, StringStorage};

use super::key::{AccessKey, is_id};
use crate::domain::rotation::Handle;
use crate::domain::time::Instant;

/// More than the longest list has.
const MOST_NODES: u32 = 20_000;

/// The answer is not one that is understood. What it says is not repeated: it may hold a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclear;

/// A page of `ListAccessKeys`.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub keys: Vec<Standing>,
    /// Where the next one begins.
    pub next: Option<String>,
}

/// A key of the user, without its secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Standing {
    pub handle: Handle,
    pub is_active: bool,
    pub made_at: Option<Instant>,
}

/// What `GetAccessKeyLastUsed` tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Use {
    pub user: Option<String>,
    /// `None` where it was never used.
    pub last: Option<LastUse>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct LastUse {
    pub at: Instant,
    pub service: String,
}

/// Why a request was refused, as AWS names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: String,
    pub message: String,
}

pub fn page(body: &[u8]) -> Result<Page, Unclear> {
    let document = parse(body)?;
    let result = result(&document, "ListAccessKeys")?;
    let members = child(result, "AccessKeyMetadata")?.children().filter(Node::is_element);
    let keys = members.map(|member| {
        Ok(Standing {
            handle: handle(text(child(member, "AccessKeyId")?)?)?,
            is_active: is_active(text(child(member, "Status")?)?)?,
            made_at: optional_text(member, "CreateDate")?.map(rfc3339).transpose()?,
        })
    });
    let keys = keys.collect::<Result<_, Unclear>>()?;
    let next = match optional_text(result, "IsTruncated")? {
        Some("true") => Some(text(child(result, "Marker")?)?.to_owned()),
        Some("false") | None => None,
        Some(_) => return Err(Unclear),
    };
    Ok(Page { keys, next })
}

pub fn last_use(body: &[u8]) -> Result<Use, Unclear> {
    let document = parse(body)?;
    let result = result(&document, "GetAccessKeyLastUsed")?;
    let used = child(result, "AccessKeyLastUsed")?;
    let told = |name| optional_text(used, name).map(|text| text.filter(|text| *text != "N/A"));
    let last = match (told("LastUsedDate")?, told("ServiceName")?) {
        (None, None) => None,
        (Some(at), service) => {
            let service = service.unwrap_or("a service that is not named").to_owned();
            Some(LastUse { at: rfc3339(at)?, service })
        }
        // It was used, and it is not said when.
        (None, Some(_)) => return Err(Unclear),
    };
    Ok(Use { user: optional_text(result, "UserName")?.map(str::to_owned), last })
}

/// The new key, where it lies in the answer: nothing of it is copied.
pub fn made(body: &[u8]) -> Result<(AccessKey<'_>, Handle), Unclear> {
    let document = parse(body)?;
    let made = child(result(&document, "CreateAccessKey")?, "AccessKey")?;
    let key = AccessKey {
        id: text(child(made, "AccessKeyId")?)?,
        secret: text(child(made, "SecretAccessKey")?)?,
        token: None,
    };
    let handle = handle(key.id)?;
    if key.is_fit() { Ok((key, handle)) } else { Err(Unclear) }
}

/// The ARN of whoever asks.
pub fn caller(body: &[u8]) -> Result<String, Unclear> {
    let document = parse(body)?;
    let arn = text(child(result(&document, "GetCallerIdentity")?, "Arn")?)?;
    Ok(arn.to_owned())
}

/// That it is an answer to this action; nothing in it is of use.
pub fn done(body: &[u8], action: &str) -> Result<(), Unclear> {
    root(&parse(body)?, action).map(|_| ())
}

pub fn fault(body: &[u8]) -> Result<Fault, Unclear> {
    let document = parse(body)?;
    let mut errors = document.descendants().filter(|node| node.tag_name().name() == "Error");
    let (Some(error), None) = (errors.next(), errors.next()) else { return Err(Unclear) };
    let code = text(child(error, "Code")?)?.to_owned();
    let message = child(error, "Message").ok().and_then(|message| message.text()).unwrap_or_default();
    Ok(Fault { code, message: message.to_owned() })
}

fn parse(body: &[u8]) -> Result<Document<'_>, Unclear> {
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let text = std::str::from_utf8(body).map_err(|_| Unclear)?;
    Document::parse_with_options(text, options).map_err(|_| Unclear)
}

fn root<'d, 'b>(document: &'d Document<'b>, action: &str) -> Result<Node<'d, 'b>, Unclear> {
    let root = document.root_element();
    if root.tag_name().name().strip_suffix("Response") == Some(action) { Ok(root) } else { Err(Unclear) }
}

fn result<'d, 'b>(document: &'d Document<'b>, action: &str) -> Result<Node<'d, 'b>, Unclear> {
    child(root(document, action)?, &format!("{action}Result"))
}

/// The only one of this name.
fn child<'d, 'b>(of: Node<'d, 'b>, name: &str) -> Result<Node<'d, 'b>, Unclear> {
    only_child(of, name)?.ok_or(Unclear)
}

fn only_child<'d, 'b>(of: Node<'d, 'b>, name: &str) -> Result<Option<Node<'d, 'b>>, Unclear> {
    let mut named = of.children().filter(|node| node.tag_name().name() == name);
    let found = named.next();
    if named.next().is_some() { Err(Unclear) } else { Ok(found) }
}

/// All that it holds, as it lies in the answer. Text that had to be put together, from references for instance, would be a
/// copy that nobody wipes: nothing that is read here needs any.
fn text<'b>(of: Node<'_, 'b>) -> Result<&'b str, Unclear> {
    let mut children = of.children();
    let (Some(only), None) = (children.next(), children.next()) else { return Err(Unclear) };
    match only.text_storage() {
        Some(StringStorage::Borrowed(text)) if only.is_text() => Ok(text),
        Some(_) | None => Err(Unclear),
    }
}

/// `None` where it is not there, or empty.
fn optional_text<'b>(of: Node<'_, 'b>, name: &str) -> Result<Option<&'b str>, Unclear> {
    only_child(of, name)?.filter(Node::has_children).map(text).transpose()
}

/// With or without parts of a second.
fn rfc3339(text: &str) -> Result<Instant, Unclear> {
    let moment = chrono::DateTime::parse_from_rfc3339(text).map_err(|_| Unclear)?;
    Instant::new(moment.to_utc()).ok_or(Unclear)
}

fn handle(id: &str) -> Result<Handle, Unclear> {
    if is_id(id) { Handle::try_from(id.to_owned()).map_err(|_| Unclear) } else { Err(Unclear) }
}

fn is_active(status: &str) -> Result<bool, Unclear> {
    match status {
        "Active" => Ok(true),
        "Inactive" | "Expired" => Ok(false),
        _ => Err(Unclear),
    }
}

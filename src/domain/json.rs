//! Strictness that JSON itself does not have: no null, no duplicate keys, sorted sets, safe integers.
//!
//! Two texts that mean different things to two parsers must not both pass: records are digested.

mod objects;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::JsonSchema;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use self::objects::Strictly;

/// The largest integer that every JSON implementation reads exactly.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Reads an optional field that is absent or has a value, and is never null.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a document, all of it. Where the type has a struct, at any depth, only an object is one.
pub fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> serde_json::Result<T> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = T::deserialize(Strictly(&mut json))?;
    json.end()?;
    Ok(read)
}

/// The same of a document that is at hand.
pub fn read_value<T: DeserializeOwned>(value: serde_json::Value) -> serde_json::Result<T> {
    T::deserialize(Strictly(value))
}

/// Reads an integer that every JSON implementation reads exactly.
pub fn safe_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number <= MAX_SAFE_INTEGER {
        Ok(number)
    } else {
        Err(de::Error::custom(format_args!("{number} is above 2^53 - 1")))
    }
}

/// A JSON array that is a set: ascending, each element once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct SortedSet<T>(BTreeSet<T>);

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T> Deref for SortedSet<T> {
    type Target = BTreeSet<T>;
    fn deref(&self) -> &BTreeSet<T> {
        &self.0
    }
}

impl<T> SortedSet<T> {
    /// For `skip_serializing_if`, which looks at no `Deref`.
    pub fn is_empty_set(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Ord> SortedSet<T> {
    pub fn insert(&mut self, item: T) -> bool {
        self.0.insert(item)
    }

    pub fn extend(&mut self, items: impl IntoIterator<Item = T>) {
        self.0.extend(items);
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for SortedSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ascending<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Ord> Visitor<'de> for Ascending<T> {
            type Value = SortedSet<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sorted array without duplicates")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut set = BTreeSet::new();
                while let Some(item) = items.next_element::<T>()? {
                    if set.last().is_some_and(|last| *last >= item) {
                        return Err(de::Error::custom("the array is not sorted, or holds an element twice"));
                    }
                    set.insert(item);
                }
                Ok(SortedSet(set))
            }
        }

        deserializer.deserialize_seq(Ascending(PhantomData))
    }
}

/// A JSON object whose keys are data (names), each of them once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct UniqueMap<K: Ord, V>(BTreeMap<K, V>);

impl<K: Ord, V> Default for UniqueMap<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for UniqueMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<K: Ord, V> Deref for UniqueMap<K, V> {
    type Target = BTreeMap<K, V>;
    fn deref(&self) -> &BTreeMap<K, V> {
        &self.0
    }
}

impl<K: Ord, V> UniqueMap<K, V> {
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.0.remove(key)
    }

    /// The value at `key`, made by default where there is none.
    pub fn entry_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key).or_default()
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for UniqueMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Unique<K, V> {
            type Value = UniqueMap<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object without duplicate keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((key, value)) = entries.next_entry::<K, V>()? {
                    if map.insert(key, value).is_some() {
                        return Err(de::Error::custom("the object holds a key twice"));
                    }
                }
                Ok(UniqueMap(map))
            }
        }

        deserializer.deserialize_map(Unique(PhantomData))
    }
}

/// Any JSON value, read without letting a duplicate key hide another one at any depth.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct StrictValue(pub serde_json::Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict).map(StrictValue)
    }
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = serde_json::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = serde_json::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(serde_json::Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!("the key `{key}` stands twice")));
            }
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sorted_and_maps_have_no_duplicates() {
        assert!(serde_json::from_str::<SortedSet<String>>(r#"["a","b"]"#).is_ok());
        assert!(serde_json::from_str::<SortedSet<String>>(r#"["b","a"]"#).is_err());
        assert!(serde_json::from_str::<SortedSet<String>>(r#"["a","a"]"#).is_err());
        assert!(serde_json::from_str::<UniqueMap<String, u8>>(r#"{"a":1,"b":1}"#).is_ok());
        assert!(serde_json::from_str::<UniqueMap<String, u8>>(r#"{"a":1,"a":1}"#).is_err());
        assert!(serde_json::from_str::<StrictValue>(r#"{"a":{"b":1,"b":2}}"#).is_err());
        assert_eq!(serde_json::from_str::<StrictValue>("null").unwrap().0, serde_json::Value::Null);
        let text = r#"{"a":{"b":1},"c":[null,1.5,true,-1,"x"]}"#;
        assert_eq!(serde_json::from_str::<StrictValue>(text).unwrap().0.to_string(), text);
    }

    #[test]
    fn what_was_expected_is_told() {
        for (error, expected) in [
            (serde_json::from_str::<SortedSet<String>>("{}").err(), "a sorted array without duplicates"),
            (serde_json::from_str::<UniqueMap<String, u8>>("[]").err(), "an object without duplicate keys"),
        ] {
            let error = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{error}");
        }
        // What no JSON holds, other formats do.
        let bytes = de::value::BytesDeserializer::<de::value::Error>::new(b"x");
        let error = StrictValue::deserialize(bytes).unwrap_err().to_string();
        assert!(error.contains("a JSON value"), "{error}");
    }

    #[test]
    fn sets_and_maps_grow_and_shrink() {
        let mut set = SortedSet::from_iter([2, 1]);
        assert!(!set.is_empty_set());
        set.extend([3, 1]);
        assert_eq!(serde_json::to_string(&set).unwrap(), "[1,2,3]");
        assert!(SortedSet::<u8>::default().is_empty_set());
        let mut map = UniqueMap::<String, u8>::default();
        *map.entry_or_default("a".to_owned()) += 1;
        *map.entry_or_default("a".to_owned()) += 1;
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"a":2}"#);
        assert_eq!((map.remove(&"a".to_owned()), map.remove(&"a".to_owned())), (Some(2), None));
    }

    #[test]
    fn numbers_that_not_everybody_reads_exactly_are_refused() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Counted {
            #[serde(deserialize_with = "safe_integer")]
            number: u64,
        }
        let read = |number: u64| serde_json::from_str::<Counted>(&format!(r#"{{"number":{number}}}"#)).ok();
        for number in [0, 7, 9_007_199_254_740_991] {
            assert_eq!(read(number), Some(Counted { number }));
        }
        assert_eq!(read(9_007_199_254_740_992), None);
    }

    #[test]
    fn what_may_be_absent_is_never_null() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Noted {
            #[serde(default, deserialize_with = "present")]
            note: Option<String>,
        }
        let read = |json: &str| serde_json::from_str::<Noted>(json).ok();
        assert_eq!(read(r#"{"note":"x"}"#), Some(Noted { note: Some("x".to_owned()) }));
        assert_eq!(read("{}"), Some(Noted { note: None }));
        assert_eq!(read(r#"{"note":null}"#), None);
    }
}

//! A reader that takes an object where a type has a struct, and nothing else. serde takes an array as well, at any depth, its
//! items for the fields in the order in which the type happens to have them: nobody who writes so means that, and no schema
//! of ours says that it may be.
//!
//! It stands between a type and whatever is read, and hands everything else on as it is.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// What is read, what reads it, and all between them, each with this between them and what is below.
pub struct Strictly<T>(pub T);

/// Methods that only hand on.
macro_rules! hands_on {
    ($($method:ident ( $($argument:ident : $kind:ty),* )),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$method($($argument,)* Strictly(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strictly<D> {
    type Error = D::Error;

    /// Where a struct accepts an array, a map does not.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_map(Strictly(visitor))
    }

    hands_on! {
        deserialize_any(), deserialize_bool(), deserialize_i8(), deserialize_i16(), deserialize_i32(), deserialize_i64(),
        deserialize_i128(), deserialize_u8(), deserialize_u16(), deserialize_u32(), deserialize_u64(), deserialize_u128(),
        deserialize_f32(), deserialize_f64(), deserialize_char(), deserialize_str(), deserialize_string(),
        deserialize_bytes(), deserialize_byte_buf(), deserialize_option(), deserialize_unit(),
        deserialize_unit_struct(name: &'static str), deserialize_newtype_struct(name: &'static str), deserialize_seq(),
        deserialize_tuple(length: usize), deserialize_tuple_struct(name: &'static str, length: usize), deserialize_map(),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]), deserialize_identifier(),
        deserialize_ignored_any(),
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! hands_values_on {
    ($($method:ident : $kind:ty),* $(,)?) => {
        $(fn $method<E: Error>(self, value: $kind) -> Result<Self::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strictly<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    hands_values_on! {
        visit_bool: bool, visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128, visit_u8: u8,
        visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128, visit_f32: f32, visit_f64: f64,
        visit_char: char, visit_str: &str, visit_borrowed_str: &'de str, visit_string: String, visit_bytes: &[u8],
        visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.visit_some(Strictly(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.visit_newtype_struct(Strictly(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        self.0.visit_seq(Strictly(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        self.0.visit_map(Strictly(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<Self::Value, A::Error> {
        self.0.visit_enum(Strictly(variant))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strictly<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(Strictly(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strictly<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strictly(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strictly<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(Strictly(seed))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strictly(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strictly<A> {
    type Error = A::Error;
    type Variant = Strictly<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        self.0.variant_seed(Strictly(seed)).map(|(value, variant)| (value, Strictly(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strictly<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Strictly(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Strictly(visitor))
    }

    /// Read as the one value of the variant, because that can be asked to be a map.
    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.newtype_variant_seed(Map(visitor))
    }
}

/// Whatever the visitor makes of an object.
struct Map<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Map<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_map(Strictly(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::value::RawValue;

    use crate::domain::json::{read, read_value};

    #[derive(Debug, Deserialize)]
    struct Inner {
        number: u64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Variant {
        Unit,
        Newtype(Inner),
        Tuple(u64, u64),
        Struct { number: u64 },
    }

    #[derive(Debug, Deserialize)]
    struct Wrapped(Inner);

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole<'a> {
        list: Vec<Inner>,
        map: BTreeMap<String, Inner>,
        wrapped: Wrapped,
        variants: Vec<Variant>,
        pair: (u64, Option<String>),
        option: Option<Inner>,
        #[serde(borrow)]
        text: Cow<'a, str>,
        #[serde(borrow)]
        raw: &'a RawValue,
    }

    const WHOLE: &str = r#"{"list": [{"number": 1}, {"number": 2}], "map": {"a": {"number": 3}}, "wrapped": {"number": 4},
        "variants": ["unit", {"newtype": {"number": 5}}, {"tuple": [6, 7]}, {"struct": {"number": 8}}],
        "pair": [9, "x"], "option": {"number": 10}, "text": "t", "raw": [ {"number":  11}, -1.5 ]}"#;

    #[test]
    fn what_is_meant_is_read() {
        let whole: Whole<'_> = read(WHOLE.as_bytes()).unwrap();
        let mut numbers: Vec<u64> = whole.list.iter().map(|inner| inner.number).collect();
        numbers.extend([whole.map["a"].number, whole.wrapped.0.number]);
        for variant in &whole.variants {
            match variant {
                Variant::Unit => {}
                Variant::Newtype(Inner { number }) | Variant::Struct { number } => numbers.push(*number),
                Variant::Tuple(one, other) => numbers.extend([one, other]),
            }
        }
        numbers.extend([whole.pair.0, whole.option.unwrap().number]);
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
        assert_eq!(whole.pair.1.as_deref(), Some("x"));
        // Nothing is copied on the way.
        assert!(matches!(whole.text, Cow::Borrowed("t")), "{:?}", whole.text);
        assert_eq!(whole.raw.get(), r#"[ {"number":  11}, -1.5 ]"#);
    }

    #[test]
    fn an_array_is_no_struct_wherever_it_stands() {
        for (object, array) in [
            (r#"{"number": 2}]"#, r"[2]]"),
            (r#"{"number": 3}"#, "[3]"),
            (r#"{"number": 4}"#, "[4]"),
            (r#"{"number": 5}"#, "[5]"),
            (r#"{"number": 8}"#, "[8]"),
            (r#"{"number": 10}"#, "[10]"),
        ] {
            let text = WHOLE.replacen(object, array, 1);
            assert_ne!(text, WHOLE);
            // What serde itself takes.
            assert!(serde_json::from_str::<Whole<'_>>(&text).is_ok(), "{text}");
            let error = read::<Whole<'_>>(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("invalid type: sequence, expected struct"), "{error}");
            assert!(error.is_data() && error.line() > 0, "{error}");
        }
        assert!(read::<Inner>(b"[1]").is_err() && read::<Vec<Inner>>(b"[[1]]").is_err());
        assert!(serde_json::from_str::<Inner>("[1]").is_ok());
        assert!(read::<Inner>(br#"{"number": 1} x"#).is_err(), "nothing comes behind it");
        let nested = |json: &str| read_value::<Vec<Inner>>(serde_json::from_str(json).unwrap());
        assert!(nested(r#"[{"number": 1}]"#).is_ok() && nested("[[1]]").is_err());
    }

    #[test]
    fn what_stands_behind_a_variant_without_a_value_is_read() {
        let variant = |json: &str| read_value::<Variant>(serde_json::from_str(json).unwrap());
        assert!(matches!(variant(r#"{"unit": null}"#), Ok(Variant::Unit)));
        assert!(variant(r#"{"unit": 1}"#).is_err());
    }

    #[test]
    fn what_machines_write_otherwise_is_read_as_people_write_it() {
        let address: std::net::Ipv4Addr = read(br#""127.0.0.1""#).unwrap();
        assert!(address.is_loopback());
    }
}

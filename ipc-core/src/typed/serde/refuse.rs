//! What a serializer of enums refuses: every value that is none. Written once for both of them.

/// Implements the methods of [`serde::Serializer`] for what is no variant of an enum; `error` makes
/// the error of what was found instead.
macro_rules! refuse_all_but_variants {
    ($error:path) => {
        type SerializeSeq = serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeTuple = serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeTupleStruct = serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeMap = serde::ser::Impossible<Self::Ok, Self::Error>;
        type SerializeStruct = serde::ser::Impossible<Self::Ok, Self::Error>;

        // A struct of one field around an enum is as good as the enum.
        #[inline]
        fn serialize_newtype_struct<T: serde::Serialize + ?Sized>(
            self,
            _name: &'static str,
            value: &T,
        ) -> Result<Self::Ok, Self::Error> {
            value.serialize(self)
        }

        fn serialize_some<T: serde::Serialize + ?Sized>(
            self,
            _value: &T,
        ) -> Result<Self::Ok, Self::Error> {
            Err($error("an option"))
        }

        refuse_all_but_variants! {
            $error:
            serialize_bool(_value: bool) -> Ok, "a boolean";
            serialize_i8(_value: i8) -> Ok, "a number";
            serialize_i16(_value: i16) -> Ok, "a number";
            serialize_i32(_value: i32) -> Ok, "a number";
            serialize_i64(_value: i64) -> Ok, "a number";
            serialize_i128(_value: i128) -> Ok, "a number";
            serialize_u8(_value: u8) -> Ok, "a number";
            serialize_u16(_value: u16) -> Ok, "a number";
            serialize_u32(_value: u32) -> Ok, "a number";
            serialize_u64(_value: u64) -> Ok, "a number";
            serialize_u128(_value: u128) -> Ok, "a number";
            serialize_f32(_value: f32) -> Ok, "a number";
            serialize_f64(_value: f64) -> Ok, "a number";
            serialize_char(_value: char) -> Ok, "a character";
            serialize_str(_value: &str) -> Ok, "text";
            serialize_bytes(_value: &[u8]) -> Ok, "bytes";
            serialize_none() -> Ok, "an option";
            serialize_unit() -> Ok, "a unit";
            serialize_unit_struct(_name: &'static str) -> Ok, "a unit";
            serialize_seq(_len: Option<usize>) -> SerializeSeq, "a sequence";
            serialize_tuple(_len: usize) -> SerializeTuple, "a tuple";
            serialize_tuple_struct(_name: &'static str, _len: usize) -> SerializeTupleStruct, "a tuple";
            serialize_map(_len: Option<usize>) -> SerializeMap, "a map";
            serialize_struct(_name: &'static str, _len: usize) -> SerializeStruct, "a struct";
        }
    };
    ($error:path: $($method:ident($($name:ident: $type:ty),*) -> $ok:ident, $found:literal;)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<Self::$ok, Self::Error> {
            Err($error($found))
        }
    )*};
}
pub(super) use refuse_all_but_variants;

//! `deserialize_methods!`: the methods of a `Deserializer`, so that wrappers of one do not list them again.

/// Calls a macro with the methods of `Deserializer` in each of these groups, as `name(parameters);`, without the
/// visitor. Serde's `forward_to_deserialize_any!` has only one thing that it does with them.
macro_rules! deserialize_methods {
    ($with:ident: $($group:ident)*) => {
        $($crate::json::deserialize_methods::deserialize_methods! { @$group $with })*
    };
    (@any $with:ident) => {
        $with! { deserialize_any(); }
    };
    (@numbers $with:ident) => {
        $with! {
            deserialize_i8();
            deserialize_i16();
            deserialize_i32();
            deserialize_i64();
            deserialize_i128();
            deserialize_u8();
            deserialize_u16();
            deserialize_u32();
            deserialize_u64();
            deserialize_u128();
            deserialize_f32();
            deserialize_f64();
        }
    };
    (@bool $with:ident) => {
        $with! { deserialize_bool(); }
    };
    (@char $with:ident) => {
        $with! { deserialize_char(); }
    };
    (@text $with:ident) => {
        $with! {
            deserialize_str();
            deserialize_string();
            deserialize_identifier();
        }
    };
    (@bytes $with:ident) => {
        $with! {
            deserialize_bytes();
            deserialize_byte_buf();
        }
    };
    (@option $with:ident) => {
        $with! { deserialize_option(); }
    };
    (@unit $with:ident) => {
        $with! {
            deserialize_unit();
            deserialize_unit_struct(name: &'static str);
        }
    };
    (@newtype $with:ident) => {
        $with! { deserialize_newtype_struct(name: &'static str); }
    };
    (@list $with:ident) => {
        $with! {
            deserialize_seq();
            deserialize_tuple(len: usize);
            deserialize_tuple_struct(name: &'static str, len: usize);
        }
    };
    (@map $with:ident) => {
        $with! {
            deserialize_map();
            deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        }
    };
    (@enum $with:ident) => {
        $with! {
            deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        }
    };
    (@ignored $with:ident) => {
        $with! { deserialize_ignored_any(); }
    };
}
pub(crate) use deserialize_methods;

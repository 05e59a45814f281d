//! Structs that are JSON objects on the wire.

/// Declares such a struct. The name of each member stands before its field, so that reading and writing cannot differ.
/// Members are written in this order and read by Go's rules, by [`FromJson`](super::FromJson) and by serde. The members
/// of a field after `..` stand among the struct's own.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        pub struct $type:ident {
            $(..$flat:ident: $flat_type:ty,)?
            $($(#[$field_attribute:meta])* $name:literal => $field:ident: $field_type:ty,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $type {
            $(
                /// The run that the request is about.
                #[serde(flatten)]
                pub $flat: $flat_type,
            )?
            $(
                $(#[$field_attribute])*
                #[serde(rename = $name)]
                // utoipa does not see a name in serde's attribute that comes from a macro.
                #[cfg_attr(feature = "openapi", schema(rename = $name))]
                pub $field: $field_type,
            )+
        }

        impl $type {
            /// Reads the member with this key. Returns false if there is none.
            pub(crate) fn read_member(
                &mut self,
                key: $crate::read::Key<'_>,
                value: $crate::read::Node<'_>,
                reader: &mut $crate::read::Reader,
            ) -> bool {
                $(if key.folded.eq_ignore_ascii_case($name) {
                    reader.at_field($name, key.written, |reader| {
                        $crate::read::FromJson::read_into(&mut self.$field, value, reader);
                    });
                    return true;
                })+
                $(if self.$flat.read_member(key, value, reader) {
                    return true;
                })?
                false
            }
        }

        impl $crate::read::FromJson for $type {
            fn read_into(&mut self, node: $crate::read::Node<'_>, reader: &mut $crate::read::Reader) {
                reader.members(node, |key, value, reader| self.read_member(key, value, reader));
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = <Box<serde_json::value::RawValue>>::deserialize(deserializer)?;
                match $crate::read::read_node($crate::read::Node::of(&json)) {
                    Ok(read) => Ok(read.value),
                    Err(faults) => Err(serde::de::Error::custom($crate::read::ReadError::Faults(faults))),
                }
            }
        }
    };
}
pub(crate) use object;

/// Declares the body of a request in EMCO's manner: metadata that mean nothing, and what the caller wants.
macro_rules! request {
    ($(#[$attribute:meta])* $request:ident($spec:ident)) => {
        $crate::read::object! {
            $(#[$attribute])*
            pub struct $request {
                /// Means nothing; emcoctl always sends it.
                "metadata" => metadata: $crate::Metadata,
                /// What the caller wants.
                "spec" => spec: $spec,
            }
        }
    };
}
pub(crate) use request;

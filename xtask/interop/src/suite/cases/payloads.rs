//! Payloads: what is sent comes back, as far as JavaScript can tell.

use super::super::dialect;
use super::super::peer::Message;
use super::super::room::Room;
use crate::json::Json;
use xtask::error::Result;

pub(super) fn shapes(room: &Room<'_>) -> Result<()> {
    there_and_back(room, SHAPES)
}

pub(super) const SHAPES: &[&str] = &[
    "{}",
    "[]",
    "[[]]",
    "{\"a\":{}}",
    "true",
    "false",
    "[null,true,false,0,\"\"]",
    "{\"a\":null,\"b\":\"\",\"c\":[],\"d\":{}}",
    "{\"nested\":{\"list\":[1,{\"x\":[2,[3]]}]}}",
    " { \"white\" : [ 1 , 2 ] } ",
    "{\"\":1}",
    "{\"__proto__\":{\"polluted\":1},\"constructor\":2,\"hasOwnProperty\":3}",
    "{\"toString\":1,\"length\":2,\"then\":3,\"toJSON\":4}",
    "{\"id\":\"me\",\"type\":\"x\",\"data\":1}",
    "{\"2\":1,\"1\":2,\"-1\":3}",
    "{\"twice\":1,\"twice\":2}",
    "{\"_maxListeners\":10,\"a\":1}",
    "{\"_maxListeners\":0,\"a\":1}",
    "{\"type\":\"Buffer\",\"data\":[1,2]}",
];

pub(super) fn numbers(room: &Room<'_>) -> Result<()> {
    there_and_back(
        room,
        &[
            "0",
            "-0",
            "-1",
            "1.5",
            "0.1",
            "1e21",
            "1E+2",
            "123456789012345680000",
            "5e-324",
            "1.7976931348623157e308",
            "9007199254740991",
            "9007199254740993",
            "18446744073709551617",
            "[1e400,-1e400,1e-400]",
            "3.141592653589793238462643383279",
        ],
    )
}

pub(super) fn strings(room: &Room<'_>) -> Result<()> {
    there_and_back(room, STRINGS)
}

pub(super) const STRINGS: &[&str] = &[
    r#""plain""#,
    r#""\"\\\/\b\f\n\r\t""#,
    r#""\u0000\u0001\u001f\u007f""#,
    "\"\u{2028}\u{2029}\"",
    "\"grüße ☃ 日本語 \u{1f600} \u{10ffff}\"",
    r#""\u00e9\ud83d\ude00""#,
    r#""\ud800""#,
    r#""\udc00 and \ud83d alone""#,
    r#"{"\ud800":"\udfff"}"#,
    "\"\u{feff}\u{fffd}\u{ffff}\"",
    r#""</script><!--""#,
    r#"["","a",""]"#,
];

pub(super) fn absent(room: &Room<'_>) -> Result<()> {
    there_and_back(room, ABSENT)
}

pub(super) const ABSENT: &[&str] = &["", "null", "\"\"", "0", "false"];

pub(super) fn extent(room: &Room<'_>) -> Result<()> {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let members: Vec<_> = (0..1000).map(|n| format!("\"key {n}\":{n}")).collect();
    let wide = format!("{{{}}}", members.join(","));
    let long = format!("\"{}\"", "long ☃ ".repeat(20_000));
    let escapes = format!("\"{}\"", r"\f\u0000\n".repeat(10_000));
    let list = format!("[{}]", vec!["0"; 10_000].join(","));
    there_and_back(room, &[&deep, &deep_object, &wide, &long, &escapes, &list])
}

/// Sends each payload to an echoing server, all at once, and compares both sides in order. An
/// empty text stands for an absent payload.
fn there_and_back(room: &Room<'_>, payloads: &[&str]) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&[])?;
    for data in payloads {
        let member = if data.is_empty() { String::new() } else { format!(",\"data\":{data}") };
        client.say(&format!("{{\"type\":\"payload\"{member}}}"));
    }
    for data in payloads {
        let sent = parse(data)?;
        check(room, "the server", sent.as_ref(), &server.message()?)?;
        check(room, "the client", sent.as_ref(), &client.message()?)?;
    }
    Ok(())
}

/// Returns what the text says; nothing if there is none.
pub(super) fn parse(data: &str) -> Result<Option<Json>> {
    Ok(if data.is_empty() { None } else { Some(Json::parse(data)?) })
}

pub(super) fn check(room: &Room<'_>, who: &str, sent: Option<&Json>, got: &Message) -> Result<()> {
    if got.event == "payload" && dialect::is_same(room.combo, sent, got.data.as_ref()) {
        return Ok(());
    }
    let show = |data: Option<&Json>| data.map_or_else(|| "nothing".into(), Json::to_string);
    let (sent, data) = (show(sent), show(got.data.as_ref()));
    Err(format!("{who} got `{}` with {data} for {sent}", got.event).into())
}

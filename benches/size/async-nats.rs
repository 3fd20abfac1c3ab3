//! Says hello to a server and prints what it answers.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = async_nats::connect("127.0.0.1:4222").await?;
    let answer = world.request("hello", "hello".into()).await?;
    println!("{}", std::str::from_utf8(&answer.payload)?);
    Ok(())
}

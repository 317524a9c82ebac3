//! Brains that answer in chats.

use manyworlds_sdk::{BrainCtx, Config, Error, Worker};

use crate::support::lab;

async fn greet(mut ctx: BrainCtx) -> Result<String, Error> {
    ctx.publish_chunk("Hello").await;
    Ok(format!("Hello, you said {:?}", ctx.text()))
}

#[tokio::test(start_paused = true)]
async fn a_brain_answers_one_message_after_the_other() {
    let builder = Worker::builder().brain("respond", greet);
    let worker = builder
        .brain("greet", greet)
        .build(Config::default())
        .unwrap();
    let mut world = lab();
    world.post_message("guest", "main", "one").unwrap();
    world.post_message("guest", "main", "two").unwrap();
    world.run(&worker).await.unwrap();
    assert_eq!(
        world.transcript("main").unwrap(),
        [
            "guest: one",
            "guest: two",
            r#"ada: Hello, you said "one""#,
            r#"ada: Hello, you said "two""#,
        ]
    );
    assert_eq!(world.chunks().len(), 2);
}

using Mailbox.Engine;

namespace Mailbox.Grains;

/// <summary>What the grid tells .NET backends.</summary>
static class Tellings
{
    const int MostLetters = 100_000;
    const int MostBytes = 64 << 20;

    /// <summary>What happens to mailboxes. Who is away for too long misses the oldest.</summary>
    public static Telling<MailboxEvent> Events { get; } = new(
        "events", MailboxEvents.Group, MailboxEvents.SubscriberNamed,
        new() { MaxMessages = MostLetters, MaxBytes = MostBytes },
        static letter => MailboxEvents.Read(letter.Body));

    /// <summary>What clients say. Who is away for too long holds them back: what they were promised is kept.</summary>
    public static Telling<UplinkLetter> Uplinks { get; } = new(
        "uplinks", MailboxUplinks.Group, TakerNamed,
        new() { MaxMessages = MostLetters, MaxBytes = MostBytes, Idle = MessageDraft.MaxIdle, Overflow = OverflowPolicy.Reject },
        static letter => [UplinkLetter.Read(letter)]);

    static MailboxName TakerNamed(string name) => MailboxUplinks.TakerNamed(name) is var taker && taker != MailboxUplinks.Gateways
        ? taker : throw new ArgumentException("By this name gateways take them.", nameof(name));
}

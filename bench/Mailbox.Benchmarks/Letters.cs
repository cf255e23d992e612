namespace Mailbox.Benchmarks;

/// <summary>What all benchmarks write: 200 bytes of text, as the load tests do.</summary>
static class Letters
{
    public static MessageDraft Draft { get; } = new() { Body = Body(), ContentType = "text/plain" };

    public static Message Message(DateTimeOffset at) => new()
    {
        Body = Draft.Body,
        ContentType = Draft.ContentType,
        At = at,
        Expires = at.AddDays(1),
    };

    public static MailboxName[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => MailboxName.Parse($"reader-{i}"))];

    static byte[] Body()
    {
        var body = new byte[200];
        Array.Fill(body, (byte)'x');
        return body;
    }
}

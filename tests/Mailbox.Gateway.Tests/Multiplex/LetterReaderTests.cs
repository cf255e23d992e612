namespace Mailbox.Gateway.Tests;

/// <summary>Whom a part is for (spec section 6).</summary>
public sealed class LetterReaderTests
{
    static readonly LetterReader s_letters = new(new CallerNames(new PlainTokens()));

    [Fact]
    public async Task A_token_is_its_mailbox_and_can_be_excepted()
    {
        var (post, _) = s_letters.Read(await PartAsync("Multiplex-Token: t-a, t-b\r\nmultiplex-token: t-c\r\nMailbox: t-d\r\nGroup: g\r\nExcept: t-e, f\r\n"));
        Assert.Equal("a b c d", string.Join(' ', post!.To));
        Assert.Equal("e f", string.Join(' ', post.Except));
        Assert.Equal("text/plain", post.Draft.ContentType);
    }

    [Theory]
    [InlineData("Multiplex-Token: forged\r\n", "bad-token", "Multiplex-Token: is none that this gateway made.")]
    [InlineData("Multiplex-Token: t-a,\r\n", "bad-token", "Multiplex-Token: is none that this gateway made.")]
    [InlineData("Mailbox: a\r\nMultiplex-Token:\r\n", "bad-token", "Multiplex-Token: is none that this gateway made.")]
    [InlineData("Mailbox: a b\r\n", "bad-name", "Mailbox: ")]
    [InlineData("Mailbox: mailbox.webhooks\r\n", "reserved-name", "Mailbox: ")]
    [InlineData("Multiplex-Token: t-mailbox.webhooks\r\n", "reserved-name", "Multiplex-Token: ")]
    [InlineData("Group: mailbox.events\r\n", "reserved-name", "Group: ")]
    [InlineData("Mailbox: a\r\nExcept: mailbox.x\r\n", "reserved-name", "Except: ")]
    [InlineData("Group: /\r\n", "bad-name", "Group: ")]
    [InlineData("Mailbox: a\r\nExcept: \r\n", "bad-name", "Except: ")]
    [InlineData("Except: a\r\n", "bad-header", "must name at least one target")]
    [InlineData("", "bad-header", "must name at least one target")]
    [InlineData("Mailbox: a\r\nTTL: 5\r\nttl: 6\r\n", "bad-header", "TTL: must be given once")]
    [InlineData("Mailbox: a\r\nIdle: 0\r\n", "bad-header", "Idle: ")]
    [InlineData("Mailbox: a\r\nDurability: none\r\n", "bad-header", "Durability: ")]
    [InlineData("Mailbox: a\r\nContent-Encoding: gzip\r\n", "bad-header", "must not be encoded")]
    [InlineData("Mailbox: a\r\nContent-Transfer-Encoding: base64\r\n", "bad-header", "must not be encoded")]
    public async Task A_part_that_cannot_be_delivered_says_why(string headers, string problem, string detail)
    {
        var (post, fault) = s_letters.Read(await PartAsync(headers));
        Assert.Null(post);
        Assert.Equal(problem, fault!.Kind.Name);
        Assert.Contains(detail, fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_describes_a_message_is_taken_and_the_rest_ignored()
    {
        var (post, _) = s_letters.Read(await PartAsync(
            "Mailbox: a\r\nContent-Type: text/x\r\nMessage-Type: t\r\nTTL: 5\r\nTopic: z\r\nIdempotency-Key: k\r\nIdle: 60\r\nDurability: memory\r\n"
            + "Content-Length: 1\r\nContent-Transfer-Encoding: 8bit\r\nX-Own: y\r\n"));
        Assert.Equal(
            new() { Body = post!.Draft.Body, ContentType = "text/x", Type = "t", TimeToLive = TimeSpan.FromSeconds(5), Topic = "z", IdempotencyKey = "k", Idle = TimeSpan.FromMinutes(1), Durability = Durability.Memory },
            post.Draft);
    }

    [Fact]
    public async Task Without_tokens_of_its_own_a_gateway_knows_none() =>
        Assert.Equal(ProblemKinds.BadToken, new LetterReader(new CallerNames()).Read(await PartAsync("Multiplex-Token: t-a\r\n")).Problem!.Kind);

    [Theory]
    [InlineData("Status: 404\r\n", true)]
    [InlineData("", true)]
    [InlineData("multiplex-token: t-a\r\n", false)]
    [InlineData("Except: a\r\n", false)]
    public async Task A_part_without_an_address_answers_the_request(string headers, bool isAnswer) =>
        Assert.Equal(isAnswer, (await PartAsync(headers)).IsAnswer);

    static async Task<MultiplexPart> PartAsync(string headers) => (await Reading.OfAsync($"--b\r\n{headers}\r\nx\r\n--b--")).Parts[0];
}

using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The answer of an application that speaks FastCGI.</summary>
sealed class FastCgiAnswer(FastCgiExchange exchange, CgiHead head) : BackendAnswer
{
    public override int Status => head.Status;

    public override string? Reason => head.Reason;

    public override IEnumerable<KeyValuePair<string, StringValues>> Headers => head.Headers;

    public override Stream Body { get; } = new MeasuredBody(head.Rest, exchange.Output, head.Length, readsToEnd: true);

    public override ValueTask DisposeAsync() => exchange.EndAsync();
}

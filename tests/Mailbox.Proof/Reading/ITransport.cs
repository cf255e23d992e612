namespace Mailbox.Proof.Reading;

/// <summary>One of the ways to read a mailbox over HTTP.</summary>
interface ITransport
{
    string Accept { get; }

    /// <summary>What goes at the end of the query.</summary>
    string Query { get; }

    void Place(HttpRequestMessage request, string position);

    /// <summary>Tells the reader what comes, until the response ends.</summary>
    Task ReadAsync(Reader reader, HttpResponseMessage response, Silence silence, CancellationToken cancel);
}

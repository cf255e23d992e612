namespace Mailbox;

/// <summary>One message of a client to the backend (spec section 5). Every property checks its value when it is set.</summary>
public sealed record UplinkDraft
{
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>1 to 256 printable ASCII characters.</summary>
    public string ContentType
    {
        get;
        init => field = MessageDraft.IsContentType(value) ? value : throw new ArgumentException("A content type has 1 to 256 printable ASCII characters.", nameof(ContentType));
    } = "application/octet-stream";

    /// <summary>The client's own number for it, from 1: accepted once for each client. Null where <see cref="Key"/> or nothing says so.</summary>
    public long? Number
    {
        get;
        init => field = value is null or >= 1 ? value : throw new ArgumentException("A client counts from 1.", nameof(Number));
    }

    /// <summary>1 to 64 bytes: accepted once for each key, while keys are remembered (spec M13).</summary>
    public string? Key
    {
        get;
        init => field = value is null || MessageDraft.IsKey(value) ? value : throw new ArgumentException("A key has 1 to 64 bytes.", nameof(Key));
    }
}

namespace Mailbox.Gateway;

/// <summary>One whole part of a multiplexed body.</summary>
/// <param name="Body">The exact bytes; nobody else's memory.</param>
sealed record MultiplexPart(PartHeaders Headers, ReadOnlyMemory<byte> Body)
{
    /// <summary>The part has no address: it answers the request whose answer the body is (spec section 6).</summary>
    public bool IsAnswer => !PartHeaders.Addresses.Any(Headers.Has);
}

namespace Mailbox.Grains;

/// <summary>A number for a set of attachments, whatever their order.</summary>
static class AuditHash
{
    public static ulong Of(IEnumerable<AttachmentKey> keys)
    {
        var hash = 0UL;
        foreach (var key in keys) hash ^= Of(key);
        return hash;
    }

    // The finalizer of MurmurHash3: neighbours differ in half of their bits.
    static ulong Of(AttachmentKey key)
    {
        var hash = ((ulong)key.Id * 0x9E3779B97F4A7C15UL) ^ (uint)key.Generation;
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 33);
    }
}

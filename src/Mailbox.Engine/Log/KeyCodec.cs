namespace Mailbox.Storage;

static class KeyCodec
{
    public static void WriteId(ByteWriter to, KeyId key)
    {
        to.UInt64((ulong)(key.Hash >> 64));
        to.UInt64((ulong)key.Hash);
    }

    public static KeyId ReadId(ref ByteReader from) => new(new UInt128(from.UInt64(), from.UInt64()));

    public static void Write(ByteWriter to, KeyId key, in RememberedKey answer)
    {
        WriteId(to, key);
        to.UInt64(answer.Digest);
        to.UInt32(answer.Expires);
        to.Varint(answer.First);
        to.Signed(answer.Second);
        to.Signed(answer.Third);
        to.Signed(answer.Fourth);
    }

    /// <summary>In a restored copy the mailbox that an answer names has another epoch, and the key goes with it (spec M4, M13).</summary>
    public static KeyRememberedRecord Read(ref ByteReader from, uint incarnation)
    {
        var key = ReadId(ref from);
        var answer = new RememberedKey(from.UInt64(), from.UInt32(), from.Varint(), from.Signed(), (int)from.Signed(), from.Signed());
        var isEpoch = answer.Fourth != 0 && Epoch.HasIncarnation(answer.First);
        return new(key, isEpoch ? answer with { First = Epoch.Of(incarnation, Epoch.CounterOf(answer.First)) } : answer);
    }
}

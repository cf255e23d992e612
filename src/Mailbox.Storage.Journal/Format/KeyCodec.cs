namespace Mailbox.Storage.Journal;

static class KeyCodec
{
    public static void Write(ByteWriter to, KeyId key, in RememberedKey answer)
    {
        to.UInt64((ulong)(key.Hash >> 64));
        to.UInt64((ulong)key.Hash);
        to.UInt64(answer.Digest);
        to.UInt32(answer.Expires);
        to.Varint(answer.First);
        to.Signed(answer.Second);
        to.Signed(answer.Third);
        to.Signed(answer.Fourth);
    }

    public static KeyRemembered Read(ref ByteReader from)
    {
        var key = new KeyId(new UInt128(from.UInt64(), from.UInt64()));
        return new(key, new(from.UInt64(), from.UInt32(), from.Varint(), from.Signed(), (int)from.Signed(), from.Signed()));
    }
}

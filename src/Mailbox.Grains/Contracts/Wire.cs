namespace Mailbox.Grains;

// How the types of the engine, which know nothing of Orleans, travel between processes. Fields are added at the end and never renumbered.

/// <summary>How <see cref="DeliverResult"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.deliver-result")]
struct DeliverResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public Position Position;

    [Id(2)]
    public int Connections;

    [Id(3)]
    public DateTimeOffset Expires;

    [RegisterConverter]
    internal sealed class Converter : IConverter<DeliverResult, DeliverResultWire>
    {
        public DeliverResult ConvertFromSurrogate(in DeliverResultWire wire) => new((Outcome)wire.Outcome, wire.Position, wire.Connections, wire.Expires);

        public DeliverResultWire ConvertToSurrogate(in DeliverResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Position = value.Position,
            Connections = value.Connections,
            Expires = value.Expires,
        };
    }
}

/// <summary>How <see cref="MessageDraft"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.draft")]
struct DraftWire
{
    [Id(0)]
    public ReadOnlyMemory<byte> Body;

    [Id(1)]
    public string ContentType;

    [Id(2)]
    public string? Type;

    [Id(3)]
    public string? Topic;

    [Id(4)]
    public TimeSpan? TimeToLive;

    [Id(5)]
    public string? IdempotencyKey;

    [Id(6)]
    public byte? Durability;

    [Id(7)]
    public TimeSpan? Idle;

    [Id(8)]
    public TimeSpan? KeyLife;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MessageDraft, DraftWire>
    {
        public MessageDraft ConvertFromSurrogate(in DraftWire wire) => new()
        {
            Body = wire.Body,
            ContentType = wire.ContentType,
            Type = wire.Type,
            Topic = wire.Topic,
            TimeToLive = wire.TimeToLive,
            IdempotencyKey = wire.IdempotencyKey,
            Durability = (Durability?)wire.Durability,
            Idle = wire.Idle,
            KeyLife = wire.KeyLife,
        };

        public DraftWire ConvertToSurrogate(in MessageDraft value) => new()
        {
            Body = value.Body,
            ContentType = value.ContentType,
            Type = value.Type,
            Topic = value.Topic,
            TimeToLive = value.TimeToLive,
            IdempotencyKey = value.IdempotencyKey,
            Durability = (byte?)value.Durability,
            Idle = value.Idle,
            KeyLife = value.KeyLife,
        };
    }
}

/// <summary>How <see cref="Gap"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.gap")]
struct GapWire
{
    [Id(0)]
    public Position From;

    [Id(1)]
    public Position To;

    [Id(2)]
    public byte Reason;

    [RegisterConverter]
    internal sealed class Converter : IConverter<Gap, GapWire>
    {
        public Gap ConvertFromSurrogate(in GapWire wire) => new(wire.From, wire.To, (GapReason)wire.Reason);

        public GapWire ConvertToSurrogate(in Gap value) => new() { From = value.From, To = value.To, Reason = (byte)value.Reason };
    }
}

/// <summary>How <see cref="GroupName"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.group-name")]
struct GroupNameWire
{
    [Id(0)]
    public string Text;

    [RegisterConverter]
    internal sealed class Converter : IConverter<GroupName, GroupNameWire>
    {
        public GroupName ConvertFromSurrogate(in GroupNameWire wire) => GroupName.Parse(wire.Text);

        public GroupNameWire ConvertToSurrogate(in GroupName value) => new() { Text = value.ToString() };
    }
}

/// <summary>How <see cref="GroupPage"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.group-page")]
struct GroupPageWire
{
    [Id(0)]
    public int Count;

    [Id(1)]
    public MailboxName[] Members;

    [Id(2)]
    public string? Next;

    [RegisterConverter]
    internal sealed class Converter : IConverter<GroupPage, GroupPageWire>
    {
        public GroupPage ConvertFromSurrogate(in GroupPageWire wire) => new(wire.Count, wire.Members, wire.Next);

        public GroupPageWire ConvertToSurrogate(in GroupPage value) => new() { Count = value.Count, Members = [.. value.Members], Next = value.Next };
    }
}

/// <summary>How <see cref="MailboxInfo"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.info")]
struct MailboxInfoWire
{
    [Id(0)]
    public Position First;

    [Id(1)]
    public Position Last;

    [Id(2)]
    public Position Acknowledged;

    [Id(3)]
    public int Messages;

    [Id(4)]
    public long Bytes;

    [Id(5)]
    public int Connections;

    [Id(6)]
    public GroupName[] Groups;

    [Id(7)]
    public DateTimeOffset Expires;

    [Id(8)]
    public MailboxOptions Options;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxInfo, MailboxInfoWire>
    {
        public MailboxInfo ConvertFromSurrogate(in MailboxInfoWire wire) => new(
            wire.First, wire.Last, wire.Acknowledged, wire.Messages, wire.Bytes, wire.Connections, wire.Groups, wire.Expires, wire.Options);

        public MailboxInfoWire ConvertToSurrogate(in MailboxInfo value) => new()
        {
            First = value.First,
            Last = value.Last,
            Acknowledged = value.Acknowledged,
            Messages = value.Messages,
            Bytes = value.Bytes,
            Connections = value.Connections,
            Groups = [.. value.Groups],
            Expires = value.Expires,
            Options = value.Options,
        };
    }
}

/// <summary>How <see cref="MailboxName"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.name")]
struct MailboxNameWire
{
    [Id(0)]
    public string Text;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxName, MailboxNameWire>
    {
        public MailboxName ConvertFromSurrogate(in MailboxNameWire wire) => MailboxName.Parse(wire.Text);

        public MailboxNameWire ConvertToSurrogate(in MailboxName value) => new() { Text = value.ToString() };
    }
}

/// <summary>How <see cref="MembersResult"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.members-result")]
struct MembersResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public int Added;

    [Id(2)]
    public int Removed;

    [Id(3)]
    public int Count;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MembersResult, MembersResultWire>
    {
        public MembersResult ConvertFromSurrogate(in MembersResultWire wire) => new((Outcome)wire.Outcome, wire.Added, wire.Removed, wire.Count);

        public MembersResultWire ConvertToSurrogate(in MembersResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Added = value.Added,
            Removed = value.Removed,
            Count = value.Count,
        };
    }
}

/// <summary>How <see cref="Message"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.message")]
struct MessageWire
{
    [Id(0)]
    public string ContentType;

    [Id(1)]
    public ReadOnlyMemory<byte> Body;

    [Id(2)]
    public string? Type;

    [Id(3)]
    public string? Topic;

    [Id(4)]
    public string? Group;

    [Id(5)]
    public DateTimeOffset At;

    [Id(6)]
    public DateTimeOffset Expires;

    [RegisterConverter]
    internal sealed class Converter : IConverter<Message, MessageWire>
    {
        public Message ConvertFromSurrogate(in MessageWire wire) => new()
        {
            ContentType = wire.ContentType,
            Body = wire.Body,
            Type = wire.Type,
            Topic = wire.Topic,
            Group = wire.Group is { } group ? GroupName.Parse(group) : null,
            At = wire.At,
            Expires = wire.Expires,
        };

        public MessageWire ConvertToSurrogate(in Message value) => new()
        {
            ContentType = value.ContentType,
            Body = value.Body,
            Type = value.Type,
            Topic = value.Topic,
            Group = value.Group?.ToString(),
            At = value.At,
            Expires = value.Expires,
        };
    }
}

/// <summary>How <see cref="OpenRequest"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.open")]
struct OpenRequestWire
{
    [Id(0)]
    public Position? After;

    [Id(1)]
    public byte From;

    [Id(2)]
    public byte Conflict;

    [Id(3)]
    public string? Client;

    [Id(4)]
    public bool Returning;

    [Id(5)]
    public bool AcknowledgesByLiving;

    [Id(6)]
    public bool GapsFirst;

    [Id(7)]
    public int WindowMessages;

    [Id(8)]
    public int WindowBytes;

    [Id(9)]
    public TimeSpan? Idle;

    [Id(10)]
    public bool Resumes;

    [RegisterConverter]
    internal sealed class Converter : IConverter<OpenRequest, OpenRequestWire>
    {
        public OpenRequest ConvertFromSurrogate(in OpenRequestWire wire) => new()
        {
            After = wire.After,
            From = (StartFrom)wire.From,
            Conflict = (ConflictPolicy)wire.Conflict,
            Client = wire.Client,
            Returning = wire.Returning,
            AcknowledgesByLiving = wire.AcknowledgesByLiving,
            GapsFirst = wire.GapsFirst,
            WindowMessages = wire.WindowMessages,
            WindowBytes = wire.WindowBytes,
            Idle = wire.Idle,
            Resumes = wire.Resumes,
        };

        public OpenRequestWire ConvertToSurrogate(in OpenRequest value) => new()
        {
            After = value.After,
            From = (byte)value.From,
            Conflict = (byte)value.Conflict,
            Client = value.Client,
            Returning = value.Returning,
            AcknowledgesByLiving = value.AcknowledgesByLiving,
            GapsFirst = value.GapsFirst,
            WindowMessages = value.WindowMessages,
            WindowBytes = value.WindowBytes,
            Idle = value.Idle,
            Resumes = value.Resumes,
        };
    }
}

/// <summary>How <see cref="MailboxOptionsChange"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.options-change")]
struct OptionsChangeWire
{
    [Id(0)]
    public TimeSpan? Idle;

    [Id(1)]
    public byte? Overflow;

    [Id(2)]
    public int? MaxMessages;

    [Id(3)]
    public long? MaxBytes;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxOptionsChange, OptionsChangeWire>
    {
        public MailboxOptionsChange ConvertFromSurrogate(in OptionsChangeWire wire) => new()
        {
            Idle = wire.Idle,
            Overflow = (OverflowPolicy?)wire.Overflow,
            MaxMessages = wire.MaxMessages,
            MaxBytes = wire.MaxBytes,
        };

        public OptionsChangeWire ConvertToSurrogate(in MailboxOptionsChange value) => new()
        {
            Idle = value.Idle,
            Overflow = (byte?)value.Overflow,
            MaxMessages = value.MaxMessages,
            MaxBytes = value.MaxBytes,
        };
    }
}

/// <summary>How <see cref="MailboxOptions"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.options")]
struct OptionsWire
{
    [Id(0)]
    public TimeSpan Idle;

    [Id(1)]
    public byte Overflow;

    [Id(2)]
    public int MaxMessages;

    [Id(3)]
    public long MaxBytes;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxOptions, OptionsWire>
    {
        public MailboxOptions ConvertFromSurrogate(in OptionsWire wire) => new(wire.Idle, (OverflowPolicy)wire.Overflow, wire.MaxMessages, wire.MaxBytes);

        public OptionsWire ConvertToSurrogate(in MailboxOptions value) => new()
        {
            Idle = value.Idle,
            Overflow = (byte)value.Overflow,
            MaxMessages = value.MaxMessages,
            MaxBytes = value.MaxBytes,
        };
    }
}

/// <summary>How <see cref="Position"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.position")]
struct PositionWire
{
    [Id(0)]
    public ulong Epoch;

    [Id(1)]
    public long Sequence;

    [RegisterConverter]
    internal sealed class Converter : IConverter<Position, PositionWire>
    {
        public Position ConvertFromSurrogate(in PositionWire wire) => new(wire.Epoch, wire.Sequence);

        public PositionWire ConvertToSurrogate(in Position value) => new() { Epoch = value.Epoch, Sequence = value.Sequence };
    }
}

/// <summary>How <see cref="PostRequest"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.post")]
struct PostRequestWire
{
    [Id(0)]
    public MessageDraft Draft;

    [Id(1)]
    public MailboxName[] To;

    [Id(2)]
    public GroupName[] Groups;

    [Id(3)]
    public MailboxName[] Except;

    [Id(4)]
    public ulong Copy;

    [RegisterConverter]
    internal sealed class Converter : IConverter<PostRequest, PostRequestWire>
    {
        public PostRequest ConvertFromSurrogate(in PostRequestWire wire) => new(wire.Draft, wire.To, wire.Groups, wire.Except) { Copy = wire.Copy };

        public PostRequestWire ConvertToSurrogate(in PostRequest value) => new()
        {
            Draft = value.Draft,
            To = value.To as MailboxName[] ?? [.. value.To],
            Groups = value.Groups as GroupName[] ?? [.. value.Groups],
            Except = value.Except as MailboxName[] ?? [.. value.Except],
            Copy = value.Copy,
        };
    }
}

/// <summary>How <see cref="PostResult"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.post-result")]
struct PostResultWire
{
    [Id(0)]
    public DeliverResult[] To;

    [Id(1)]
    public SendResult[] Groups;

    [RegisterConverter]
    internal sealed class Converter : IConverter<PostResult, PostResultWire>
    {
        public PostResult ConvertFromSurrogate(in PostResultWire wire) => new(wire.To, wire.Groups);

        public PostResultWire ConvertToSurrogate(in PostResult value) => new() { To = [.. value.To], Groups = [.. value.Groups] };
    }
}

/// <summary>How <see cref="SendResult"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.send-result")]
struct SendResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public int Members;

    [Id(2)]
    public int Stored;

    [Id(3)]
    public int Refused;

    [RegisterConverter]
    internal sealed class Converter : IConverter<SendResult, SendResultWire>
    {
        public SendResult ConvertFromSurrogate(in SendResultWire wire) => new((Outcome)wire.Outcome, wire.Members, wire.Stored, wire.Refused);

        public SendResultWire ConvertToSurrogate(in SendResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Members = value.Members,
            Stored = value.Stored,
            Refused = value.Refused,
        };
    }
}

/// <summary>How <see cref="UplinkDraft"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.uplink-draft")]
struct UplinkDraftWire
{
    [Id(0)]
    public ReadOnlyMemory<byte> Body;

    [Id(1)]
    public string ContentType;

    [Id(2)]
    public long? Number;

    [Id(3)]
    public string? Key;

    [RegisterConverter]
    internal sealed class Converter : IConverter<UplinkDraft, UplinkDraftWire>
    {
        public UplinkDraft ConvertFromSurrogate(in UplinkDraftWire wire) => new()
        {
            Body = wire.Body,
            ContentType = wire.ContentType,
            Number = wire.Number,
            Key = wire.Key,
        };

        public UplinkDraftWire ConvertToSurrogate(in UplinkDraft value) => new()
        {
            Body = value.Body,
            ContentType = value.ContentType,
            Number = value.Number,
            Key = value.Key,
        };
    }
}

/// <summary>How <see cref="UplinkRequest"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.uplink-request")]
struct UplinkRequestWire
{
    [Id(0)]
    public string? Client;

    [Id(1)]
    public UplinkDraft[] Drafts;

    [Id(2)]
    public MailboxName? Except;

    [Id(3)]
    public bool Asks;

    [RegisterConverter]
    internal sealed class Converter : IConverter<UplinkRequest, UplinkRequestWire>
    {
        public UplinkRequest ConvertFromSurrogate(in UplinkRequestWire wire) => new(wire.Client, wire.Drafts, wire.Except) { Asks = wire.Asks };

        public UplinkRequestWire ConvertToSurrogate(in UplinkRequest value) => new()
        {
            Client = value.Client,
            Drafts = [.. value.Drafts],
            Except = value.Except,
            Asks = value.Asks,
        };
    }
}

/// <summary>How <see cref="UplinkResult"/> travels.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.uplink-result")]
struct UplinkResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public long Highest;

    [Id(2)]
    public int Accepted;

    [RegisterConverter]
    internal sealed class Converter : IConverter<UplinkResult, UplinkResultWire>
    {
        public UplinkResult ConvertFromSurrogate(in UplinkResultWire wire) => new((Outcome)wire.Outcome, wire.Highest, wire.Accepted);

        public UplinkResultWire ConvertToSurrogate(in UplinkResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Highest = value.Highest,
            Accepted = value.Accepted,
        };
    }
}

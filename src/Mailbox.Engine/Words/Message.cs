namespace Mailbox;

/// <summary>A letter as it was accepted. Immutable and shared by every mailbox it was put into; safe to read from any thread.</summary>
public sealed class Message
{
    /// <summary>The media type of <see cref="Body"/>, as the sender gave it.</summary>
    public required string ContentType { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The application's name for the kind of message (<c>Message-Type</c>), or null.</summary>
    public string? Type { get; init; }

    /// <summary>A newer message of the same topic supersedes this one while it was not sent (spec M12), or null.</summary>
    public string? Topic { get; init; }

    /// <summary>The group it was sent to, or null where it was delivered to the mailbox itself.</summary>
    public GroupName? Group { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>When its time to live ends (in quarters of a second, never early). Not after <see cref="At"/> where that is zero.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Its time to live is zero: it is for the connections that hold the mailbox when it is accepted, and for no other (RFC 8030 section 5.2).</summary>
    internal bool IsImmediate => Expires <= At;

    /// <summary>
    /// A place for the transports to keep the encoded form that all receivers share. Two threads may both encode and the last one
    /// stays: the forms are equal.
    /// </summary>
    public object? Encoded { get; set; }
}

/// <summary>A message that a backend asks to deliver or send. Every property checks its value when it is set.</summary>
public sealed record MessageDraft
{
    public static readonly TimeSpan MaxTimeToLive = TimeSpan.FromDays(30);
    public static readonly TimeSpan MaxIdle = TimeSpan.FromDays(30);
    const int MaxKeyLength = 64;
    const int MaxContentTypeLength = 256;

    internal const string ContentTypeRule = "1 to 256 printable ASCII characters";
    internal const string TypeRule = "1 to 64 characters of A-Z a-z 0-9 . _ ~ : @ -, not beginning with 'mailbox.'";
    internal const string TopicRule = "1 to 32 characters of A-Z a-z 0-9 - _";
    internal const string KeyRule = "1 to 64 bytes";

    string _contentType = "application/octet-stream";
    string? _type;
    string? _topic;
    string? _key;
    TimeSpan? _timeToLive;
    TimeSpan? _idle;

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>1 to 256 printable ASCII characters.</summary>
    public string ContentType
    {
        get => _contentType;
        init => _contentType = IsContentType(value) ? value : throw Invalid(nameof(ContentType), ContentTypeRule);
    }

    /// <summary>1 to 64 characters of a mailbox name, not beginning with <c>mailbox.</c></summary>
    public string? Type
    {
        get => _type;
        init => _type = value is null || IsType(value) ? value : throw Invalid(nameof(Type), TypeRule);
    }

    /// <summary>1 to 32 characters of base64url (RFC 8030 section 5.4).</summary>
    public string? Topic
    {
        get => _topic;
        init => _topic = value is null || IsTopic(value) ? value : throw Invalid(nameof(Topic), TopicRule);
    }

    /// <summary>0 to 30 days (RFC 8030 section 5.2); null for the default.</summary>
    public TimeSpan? TimeToLive
    {
        get => _timeToLive;
        init => _timeToLive = value is null || (value >= TimeSpan.Zero && value <= MaxTimeToLive) ? value : throw Invalid(nameof(TimeToLive), "0 to 30 days");
    }

    /// <summary>1 to 64 bytes (spec M13); null for none.</summary>
    public string? IdempotencyKey
    {
        get => _key;
        init => _key = value is null || IsKey(value) ? value : throw Invalid(nameof(IdempotencyKey), KeyRule);
    }

    /// <summary>How long the key is needed, where a client made it only to repeat its own calls; null for as long as keys are remembered.</summary>
    internal TimeSpan? KeyLife { get; init; }

    /// <summary>Null for the grid's default.</summary>
    public Durability? Durability { get; init; }

    /// <summary>Moves the mailbox's deadline to this long from now: 1 s to 30 days; null leaves it (spec M15).</summary>
    public TimeSpan? Idle
    {
        get => _idle;
        init => _idle = value is null || IsIdle(value.Value) ? value : throw Invalid(nameof(Idle), "1 second to 30 days");
    }

    /// <summary>Makes a draft of values that the edge has checked already, by the same rules: they are not checked again.</summary>
    internal static MessageDraft OfChecked(
        ReadOnlyMemory<byte> body, string contentType, string? type, string? topic, string? key, TimeSpan? timeToLive, Durability? durability, TimeSpan? idle) =>
        new() { Body = body, Durability = durability, _contentType = contentType, _type = type, _topic = topic, _key = key, _timeToLive = timeToLive, _idle = idle };

    /// <summary>A message of plain text.</summary>
    public static MessageDraft FromText(string text) => new() { ContentType = "text/plain", Body = System.Text.Encoding.UTF8.GetBytes(text) };

    /// <summary>A message of JSON, as <see cref="System.Text.Json.JsonSerializer"/> writes the value.</summary>
    public static MessageDraft FromJson<T>(T value, System.Text.Json.JsonSerializerOptions? options = null) => new()
    {
        ContentType = "application/json",
        Body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(value, options),
    };

    public static bool IsType(string value) => NameRules.IsMessageType(value);

    public static bool IsTopic(string value) => NameRules.IsTopic(value);

    public static bool IsIdle(TimeSpan value) => value >= TimeSpan.FromSeconds(1) && value <= MaxIdle;

    public static bool IsKey(string value) => value.Length > 0 && System.Text.Encoding.UTF8.GetByteCount(value) <= MaxKeyLength;

    public static bool IsContentType(string value) =>
        value.Length is >= 1 and <= MaxContentTypeLength && !value.AsSpan().ContainsAnyExceptInRange(' ', '~');

    static ArgumentException Invalid(string field, string allowed) => new($"{field} must be {allowed}.", field);
}

/// <summary>What an answered delivery survives (spec M5). A level never silently degrades.</summary>
public enum Durability : byte
{
    /// <summary>Lives in the memory of the process that owns the mailbox.</summary>
    Memory,

    /// <summary>Survives a crash of the process: handed to the operating system before the answer.</summary>
    Process,

    /// <summary>Survives power loss: synced to the disk before the answer. The default.</summary>
    Disk,
}

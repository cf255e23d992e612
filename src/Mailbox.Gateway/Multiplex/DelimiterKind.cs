namespace Mailbox.Gateway;

enum DelimiterKind : byte
{
    /// <summary>Its line has not come whole.</summary>
    Incomplete,

    /// <summary>A part follows.</summary>
    Next,

    /// <summary>Nothing follows but what is to be ignored.</summary>
    Last,

    /// <summary>Something else follows on the line, so that it is no delimiter and no body's line either.</summary>
    Malformed,
}

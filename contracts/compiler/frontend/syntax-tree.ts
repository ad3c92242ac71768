/**
 * What a contract declares, read from clang's syntax tree in JSON.
 */
import type { VirtualPlace } from './diagnostics.js';

/** A node of the tree, with the fields that are read here. */
type Node = {
  readonly id?: string;
  readonly previousDecl?: string;
  readonly kind: string;
  readonly name?: string;
  readonly loc?: Location;
  readonly inner?: readonly Node[];
  readonly type?: CppType;
  readonly isImplicit?: boolean;
  readonly access?: string;
  readonly tagUsed?: string;
  readonly completeDefinition?: boolean;
  readonly bases?: readonly { readonly type: CppType }[];
  readonly fixedUnderlyingType?: CppType;
  readonly value?: string;
};

type Location = {
  file?: string;
  line?: number;
  readonly col?: number;
  readonly spellingLoc?: Location;
  readonly expansionLoc?: Location;
};

/** A type as it was written, and with the aliases at its top resolved, if it has any. */
export type CppType = { readonly qualType: string; readonly desugaredQualType?: string };

/** `[[snapscale::name("argument")]]`. */
export type Annotation = { readonly name: string; readonly args: readonly string[] };

/** A declaration: `scope` is the list of enclosing namespaces and classes, outermost first. */
type Declaration = {
  readonly name: string;
  readonly scope: readonly string[];
  readonly annotations: readonly Annotation[];
  readonly place: VirtualPlace;
};

export type Variable = { readonly name: string; readonly type: CppType; readonly place: VirtualPlace };

export type Method = Declaration & {
  /** The declaration's id in this dump. */
  readonly id: string;
  readonly parameters: readonly Variable[];
  readonly result: string;
  readonly isPublic: boolean;
};

export type Record = Declaration & {
  readonly bases: readonly CppType[];
  readonly fields: readonly Variable[];
  readonly methods: readonly Method[];
};

export type Alias = Declaration & { readonly type: CppType };
export type Enumeration = Declaration & { readonly underlying: CppType };

/** The declarations of a translation unit, in their order. */
export type SyntaxTree = {
  readonly records: readonly Record[];
  readonly aliases: readonly Alias[];
  readonly enumerations: readonly Enumeration[];
  /** True if the unit defines `apply` itself. */
  readonly definesApply: boolean;
};

/** Reads the output of `clang -cc1 -ast-dump=json`: one tree, or the declarations of `scope` one after the other. */
export function parseSyntaxTree(json: string, scope: readonly string[] = []): SyntaxTree {
  const result: Collected = { records: [], aliases: [], enumerations: [], definesApply: false, definitions: new Map() };
  // Filtered dumps are several objects, each from a line `{` to a line `}`.
  for (const text of json.split(/\n(?=\{\n)/)) {
    if (!text.trimStart().startsWith('{')) continue;
    const root = JSON.parse(text) as Node;
    completeLocations(root);
    collect(root, scope, result);
  }
  return { ...result, records: result.records.map((record) => withDefinitions(record, result.definitions)) };
}

function withDefinitions(record: Record, definitions: Collected['definitions']): Record {
  const methods = record.methods.map((method) => {
    const more = definitions.get(method.id) ?? [];
    return more.length === 0 ? method : { ...method, annotations: [...method.annotations, ...more] };
  });
  return { ...record, methods };
}

/** The full name of a declaration. */
export function qualifiedName(declaration: Pick<Declaration, 'name' | 'scope'>): string {
  return [...declaration.scope, declaration.name].join('::');
}

/** Clang leaves out the file and the line of a location where they are those of the one printed before. */
function completeLocations(root: Node): void {
  let file = '';
  let line = 0;
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      for (const element of value) visit(element);
      return;
    }
    const location = value as Location;
    if (location.col !== undefined) {
      file = location.file ??= file;
      line = location.line ??= line;
    }
    // `includedFrom` also has a file, which is not that of the location.
    for (const [key, element] of Object.entries(value)) if (key !== 'includedFrom') visit(element);
  };
  visit(root);
}

type Collected = {
  records: Record[];
  aliases: Alias[];
  enumerations: Enumeration[];
  definesApply: boolean;
  /** Annotations of definitions outside of their class, by the id of the declaration. */
  definitions: Map<string, readonly Annotation[]>;
};

function collect(node: Node, scope: readonly string[], result: Collected): void {
  switch (node.kind) {
    case 'NamespaceDecl':
      for (const inner of node.inner ?? [])
        collect(inner, node.name === undefined ? scope : [...scope, node.name], result);
      return;
    case 'TranslationUnitDecl':
    case 'LinkageSpecDecl':
    case 'ClassTemplateDecl':
      for (const inner of node.inner ?? []) collect(inner, scope, result);
      return;
    case 'CXXRecordDecl':
    case 'ClassTemplateSpecializationDecl':
      if (node.isImplicit !== true && node.completeDefinition === true) collectRecord(node, scope, result);
      return;
    case 'TypedefDecl':
    case 'TypeAliasDecl':
      if (node.type !== undefined) result.aliases.push({ ...declaration(node, scope), type: node.type });
      return;
    case 'EnumDecl':
      result.enumerations.push({
        ...declaration(node, scope),
        underlying: node.fixedUnderlyingType ?? { qualType: 'unsigned int' },
      });
      return;
    case 'FunctionDecl':
      if (node.name === 'apply' && scope.length === 0) result.definesApply = true;
      return;
    case 'CXXMethodDecl':
      // A definition outside of its class may carry the attributes that the declaration lacks.
      if (node.previousDecl !== undefined) result.definitions.set(node.previousDecl, annotationsOf(node));
      return;
  }
}

function collectRecord(node: Node, scope: readonly string[], result: Collected): void {
  const base = declaration(node, scope);
  const name = node.kind === 'ClassTemplateSpecializationDecl' ? `${base.name}<${templateArguments(node)}>` : base.name;
  const innerScope = [...scope, name];
  const fields: Variable[] = [];
  const methods: Method[] = [];
  let access = node.tagUsed === 'class' ? 'private' : 'public';
  for (const inner of node.inner ?? []) {
    if (inner.kind === 'AccessSpecDecl') access = inner.access ?? access;
    else if (inner.kind === 'FieldDecl') fields.push(variable(inner));
    else if (inner.kind === 'CXXMethodDecl' && inner.isImplicit !== true)
      methods.push(method(inner, innerScope, access));
    else collect(inner, innerScope, result);
  }
  const bases = (node.bases ?? []).map(({ type }) => type);
  result.records.push({ ...base, name, bases, fields, methods });
}

function method(node: Node, scope: readonly string[], access: string): Method {
  const type = node.type?.qualType ?? '';
  return {
    ...declaration(node, scope),
    id: node.id ?? '',
    parameters: (node.inner ?? []).filter(({ kind }) => kind === 'ParmVarDecl').map(variable),
    result: resultOf(type),
    isPublic: access === 'public',
  };
}

/** `std::vector<int>` of `std::vector<int> (name, asset) const`: what precedes the last list of parameters. */
function resultOf(functionType: string): string {
  let depth = 0;
  for (let i = functionType.lastIndexOf(')'); i >= 0; i--) {
    if (functionType[i] === ')') depth++;
    if (functionType[i] === '(' && --depth === 0) return functionType.slice(0, i).trim();
  }
  return functionType;
}

function variable(node: Node): Variable {
  return { name: node.name ?? '', type: node.type ?? { qualType: '' }, place: placeOf(node) };
}

function declaration(node: Node, scope: readonly string[]): Declaration {
  return {
    name: node.name ?? '',
    scope,
    annotations: annotationsOf(node),
    place: placeOf(node),
  };
}

function annotationsOf(node: Node): Annotation[] {
  return (node.inner ?? []).filter(({ kind }) => kind === 'AnnotateAttr').flatMap(annotation);
}

function annotation(node: Node): Annotation[] {
  const strings = (node.inner ?? []).flatMap(stringLiterals);
  const [name, ...args] = strings;
  return name === undefined ? [] : [{ name, args }];
}

function stringLiterals(node: Node): string[] {
  if (node.kind === 'StringLiteral' && node.value !== undefined) return [JSON.parse(node.value) as string];
  return (node.inner ?? []).flatMap(stringLiterals);
}

function templateArguments(node: Node): string {
  return (node.inner ?? [])
    .filter(({ kind }) => kind === 'TemplateArgument')
    .map(({ type, value }) => type?.desugaredQualType ?? type?.qualType ?? String(value))
    .join(', ');
}

function placeOf(node: Node): VirtualPlace {
  const location = node.loc?.expansionLoc ?? node.loc;
  return { file: location?.file ?? '', line: location?.line ?? 0, columnBytes: location?.col ?? 1 };
}

/** The annotation of that name, if the declaration has it. */
export function annotated(declaration: Pick<Declaration, 'annotations'>, name: string): Annotation | undefined {
  return declaration.annotations.find((candidate) => candidate.name === name);
}

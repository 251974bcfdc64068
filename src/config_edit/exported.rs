//! The object that a Vite config exports.

use oxc_ast::ast::{
    Argument, BindingPattern, CallExpression, Expression, FormalParameters, IdentifierReference,
    ObjectExpression, Program, Statement,
};

/// The object that is exported by itself, through `defineConfig` or `mergeConfig`, from a function or by a name.
pub fn exported<'a>(program: &'a Program<'a>) -> Option<&'a ObjectExpression<'a>> {
    let file = Scope { params: None, body: &program.body, around: None };
    program.body.iter().filter_map(export).find_map(|expression| file.object(expression))
}

fn export<'a>(statement: &'a Statement<'a>) -> Option<&'a Expression<'a>> {
    match statement {
        Statement::ExportDefaultDeclaration(export) => export.declaration.as_expression(),
        // `module.exports = { … }`
        Statement::ExpressionStatement(statement) => match &statement.expression {
            Expression::AssignmentExpression(assignment) => {
                let target = assignment.left.as_member_expression()?;
                target.is_specific_member_access("module", "exports").then_some(&assignment.right)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Where names are looked up: in a function or in the file, and then in what is around it.
struct Scope<'s, 'a> {
    params: Option<&'a FormalParameters<'a>>,
    body: &'a [Statement<'a>],
    around: Option<&'s Scope<'s, 'a>>,
}

impl<'a> Scope<'_, 'a> {
    fn object(&self, expression: &'a Expression<'a>) -> Option<&'a ObjectExpression<'a>> {
        match expression.get_inner_expression() {
            Expression::ObjectExpression(object) => Some(object),
            Expression::CallExpression(call) => {
                configs(call).iter().rev().find_map(|config| self.object(config.as_expression()?))
            }
            Expression::ArrowFunctionExpression(function) => {
                let inner = self.inner(&function.params, &function.body.statements);
                inner.object(function.get_expression().or_else(|| returned(inner.body))?)
            }
            Expression::FunctionExpression(function) => {
                let inner = self.inner(&function.params, &function.body.as_ref()?.statements);
                inner.object(returned(inner.body)?)
            }
            Expression::Identifier(name) => self.named(name),
            _ => None,
        }
    }

    fn inner<'s>(&'s self, params: &'a FormalParameters<'a>, body: &'a [Statement<'a>]) -> Scope<'s, 'a> {
        Scope { params: Some(params), body, around: Some(self) }
    }

    /// What a name stands for, if that cannot change. It was declared before, so that no name leads back to itself.
    fn named(&self, name: &IdentifierReference) -> Option<&'a ObjectExpression<'a>> {
        let mut params = self.params.iter().flat_map(|params| &params.items);
        if params.any(|param| binds(&param.pattern, name)) {
            return None;
        }
        let declarations = self.body.iter().filter_map(|statement| match statement {
            Statement::VariableDeclaration(declaration) => Some(&declaration.declarations),
            _ => None,
        });
        let Some(declarator) = declarations.flatten().find(|declarator| binds(&declarator.id, name)) else {
            return self.around?.named(name);
        };
        let is_fixed = declarator.kind.is_const() && declarator.id.kind.is_binding_identifier();
        let is_before = declarator.span.end <= name.span.start;
        self.object(declarator.init.as_ref().filter(|_| is_fixed && is_before)?)
    }
}

fn binds(pattern: &BindingPattern, name: &IdentifierReference) -> bool {
    pattern.get_binding_identifiers().iter().any(|bound| bound.name == name.name)
}

/// The arguments that are configs; the last one takes precedence. What other functions make of theirs is not known.
fn configs<'a>(call: &'a CallExpression<'a>) -> &'a [Argument<'a>] {
    let called = |name| call.callee.is_specific_id(name);
    match &call.arguments[..] {
        [config, ..] if called("defineConfig") => std::slice::from_ref(config),
        merged if called("mergeConfig") => merged,
        _ => &[],
    }
}

/// What a function returns, if it returns in one place.
fn returned<'a>(body: &'a [Statement<'a>]) -> Option<&'a Expression<'a>> {
    let only = body.iter().find_map(|statement| match statement {
        Statement::ReturnStatement(returned) => returned.argument.as_ref(),
        _ => None,
    });
    only.filter(|_| returns(body) == 1)
}

/// In how many places these statements return.
fn returns(statements: &[Statement]) -> usize {
    statements.iter().map(returns_of).sum()
}

fn returns_of(statement: &Statement) -> usize {
    match statement {
        Statement::ReturnStatement(_) => 1,
        Statement::BlockStatement(block) => returns(&block.body),
        Statement::IfStatement(choice) => {
            returns_of(&choice.consequent) + choice.alternate.as_ref().map_or(0, returns_of)
        }
        Statement::SwitchStatement(choice) => choice.cases.iter().map(|case| returns(&case.consequent)).sum(),
        Statement::TryStatement(attempt) => {
            let caught = attempt.handler.as_ref().map_or(0, |handler| returns(&handler.body.body));
            let finally = attempt.finalizer.as_ref().map_or(0, |block| returns(&block.body));
            returns(&attempt.block.body) + caught + finally
        }
        Statement::ForStatement(iteration) => returns_of(&iteration.body),
        Statement::ForInStatement(iteration) => returns_of(&iteration.body),
        Statement::ForOfStatement(iteration) => returns_of(&iteration.body),
        Statement::WhileStatement(iteration) => returns_of(&iteration.body),
        Statement::DoWhileStatement(iteration) => returns_of(&iteration.body),
        Statement::LabeledStatement(labeled) => returns_of(&labeled.body),
        _ => 0,
    }
}
